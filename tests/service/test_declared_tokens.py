"""Tokens of the setting TOKENS: valid as declared, without the database, and changed while the ledger runs."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.domain.tokens import generate, hashed
from service.settings import Settings, SettingsError

from ..support.service.replica import command
from ..support.service.served import Served, document, served

IN_A_DAY = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
BEFORE = "2026-01-31T00:00:00Z"
SECRET = generate()


def entry(secret: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"name": "ci", "sha256": hashed(secret), "scopes": ["releases:write"], "expires_at": IN_A_DAY} | more


class Mounted:
    """A Secret as Kubernetes mounts it: the file is a symbolic link through `..data`, which is made to point to the new
    folder in one step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.file = folder / "tokens.json"
        self.file.symlink_to("..data/tokens.json")

    def write(self, text: str) -> None:
        self.number += 1
        version = self.folder / f"..version-{self.number}"
        version.mkdir()
        (version / "tokens.json").write_text(text)
        (self.folder / "..next").symlink_to(version.name)
        os.replace(self.folder / "..next", self.folder / "..data")


async def answer(ledger: Served, secret: str) -> int:
    return (await ledger.http.get("/caller", headers={"Authorization": f"Bearer {secret}"})).status_code


@pytest.mark.anyio
async def test_a_declared_token_may_what_is_declared_and_no_more(database_url: str) -> None:
    given = json.dumps([entry(service="orders")])
    async with served(database_url, TOKENS=given, READS="token") as ledger:
        headers = {"Authorization": f"Bearer {SECRET}"}
        caller = (await ledger.http.get("/caller", headers=headers)).json()
        assert (caller["name"], caller["scopes"], caller["service"]) == ("ci", ["releases:write"], "orders")
        assert caller["expires_at"] == IN_A_DAY
        assert (await ledger.file(document("orders"), SECRET)).status_code == 201
        assert (await ledger.file(document("shop"), SECRET)).status_code == 403
        assert (await ledger.http.get("/releases", headers=headers)).status_code == 403
        assert await answer(ledger, generate()) == 401
        made = await ledger.token("read")  # those of the database are valid beside it
        assert await answer(ledger, made) == 200


@pytest.mark.anyio
async def test_one_that_is_expired_is_none(database_url: str) -> None:
    async with served(database_url, TOKENS=json.dumps([entry(expires_at=BEFORE)])) as ledger:
        assert await answer(ledger, SECRET) == 401


@pytest.mark.long
@pytest.mark.anyio
async def test_it_is_read_again_when_the_mounted_secret_changes_and_a_broken_one_changes_nothing(
    tmp_path: Path,
) -> None:
    mounted, other = Mounted(tmp_path), generate()
    mounted.write(json.dumps([entry()]))
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, TOKENS_FILE=str(mounted.file)) as ledger:

        async def said() -> tuple[int, int, bool]:
            codes = await answer(ledger, SECRET), await answer(ledger, other)
            unusable = 'waybill_settings_file_unusable{file="TOKENS_FILE"} 1.0'
            return *codes, unusable in (await ledger.http.get("/metrics")).text

        assert await said() == (200, 401, False)
        mounted.write(json.dumps([entry(), entry(other, name="next")]))
        assert await said() == (200, 200, False)
        for slip in ("", "{", "[{}]", json.dumps([entry(name="a"), entry(name="b")])):
            mounted.write(slip)
            assert await said() == (200, 200, True)
        (tmp_path / "..data").unlink()
        assert await said() == (200, 200, True)
        mounted.write(json.dumps([entry(other, name="next")]))
        assert await said() == (401, 200, False)
        mounted.write("[]")
        assert await said() == (401, 401, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "form"),
        ("{}", "form"),
        ('[{"name": "ci"}]', "form"),
        (json.dumps([entry() | {"secret": SECRET}]), "form"),
        (json.dumps([entry(scopes="read")]), "form"),
        (json.dumps([entry(name="CI")]), "the name of token 1"),
        (json.dumps([entry(), entry(generate(), name=SECRET)]), "the name of token 2"),
        (json.dumps([entry(name="5")]), "the name of token 1"),
        (json.dumps([entry(sha256=SECRET)]), "ci: sha256 is not 64 digits"),
        (json.dumps([entry(scopes=[])]), "ci: a token needs a scope"),
        (json.dumps([entry(scopes=["write"])]), "ci: write: no such scope"),
        (json.dumps([entry(service="No Name")]), "ci: service is not the name"),
        (json.dumps([entry(expires_at="2027-01-31T00:00:00")]), "ci: expires_at has no time zone"),
        (json.dumps([entry(expires_at="2099-01-31T00:00:00Z")]), "ci: expires_at is more than 366 days ahead"),
        (json.dumps([entry(), entry(generate())]), "two tokens have one name"),
        (json.dumps([entry(), entry(name="b")]), "two tokens have one sha256"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_secret_is_shown(tmp_path: Path, given: str, said: str) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(given)
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"TOKENS_FILE": str(file)})
    assert str(refused.value).startswith("TOKENS_FILE: ")
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.anyio
async def test_the_command_declares_a_token_without_a_database(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "tokens.json"
    made = [
        command(url, "token", "create", "--into", str(file), "--scope", "read", "--service", name).stdout.strip()
        for name in ("orders", "shop")
    ]
    assert not (tmp_path / "none.db").exists()
    assert [it["name"] for it in json.loads(file.read_text())] == ["orders", "shop"]
    assert not [secret for secret in made if secret in file.read_text()]
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}", TOKENS_FILE=str(file)) as ledger:
        assert [await answer(ledger, secret) for secret in made] == [200, 200]


@pytest.mark.parametrize("more", [["--name", "orders"], ["--name", "Not a label"], ["--service", "orders"]])
def test_what_would_break_the_file_is_refused_and_nothing_changes(tmp_path: Path, more: list[str]) -> None:
    url, file = f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "tokens.json"
    create = ["token", "create", "--into", str(file), "--scope", "read"]
    assert command(url, *create, "--service", "orders").code == 0
    before = file.read_text()
    refused = command(url, *create, *more)
    assert (refused.code, refused.stdout, file.read_text()) == (2, "", before)
    file.write_text("no list")
    assert command(url, *create).code == 2
    assert file.read_text() == "no list"


def test_the_list_has_the_declared_ones_too(database_url: str) -> None:
    listed = command(database_url, "token", "list", TOKENS=json.dumps([entry(service="orders")]))
    assert listed.stdout == f"declared\tci\treleases:write\torders\texpires {IN_A_DAY[:10]}\n"
