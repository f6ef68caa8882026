"""Nothing secret comes to rest: not in the database, not in a log line, not in an answer."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from service.database.lifespan import opened
from service.database.tables import TABLES
from service.ledger.releases import read as filed

from ..support.builders import TOP
from ..support.service import pooler
from ..support.service.comparisons import compared
from ..support.service.replica import command, replica
from ..support.service.served import KEYS, document, event, served, signature

pytestmark = pytest.mark.anyio
PASSWORD = "hunter2-in-the-url"


def everything_said(answer: httpx.Response) -> str:
    return f"{answer.headers}{answer.text}"


@pytest.mark.long
def test_tokens_keys_and_passwords_are_nowhere_but_where_they_were_given(
    database_url: str, backend: str, tmp_path: Path
) -> None:
    if backend == "postgres":
        database_url = database_url.replace("postgres@", f"postgres:{PASSWORD}@")
    made = [command(database_url, "token", "create", "--scope", "releases:write", "--scope", "read") for _ in range(2)]
    tokens = [it.stdout.strip() for it in made]
    assert command(database_url, "token", "revoke", "2").code == 0
    secrets = [*tokens, *(key for keys in KEYS.values() for key in keys), PASSWORD]
    body = json.dumps(event()).encode()
    with replica(database_url, tmp_path / "log", READS="token") as ledger, ledger.http() as http:
        said = []
        for token in [*tokens, tokens[0][:-1]]:
            shown = {"Authorization": f"Bearer {token}"}
            said += [
                http.post("/releases", json=document(), headers=shown),
                http.post("/releases", json=document(image={"digest": f"sha256:{'0' * 64}"}), headers=shown),
                http.post("/releases", content=token, headers=shown),
                http.post("/releases", content=token, headers=shown | {"Content-Type": "application/json"}),
                http.get("/releases", headers=shown),
                http.get("/", auth=("", token)),
                http.get("/metrics", headers=shown),
            ]
        for key in KEYS["staging"]:
            said.append(http.post("/hooks/flux/staging", content=body, headers={"X-Signature": signature(body, key)}))
            said.append(http.post("/hooks/flux/staging", content=body, headers={"X-Signature": key}))
        assert {it.status_code for it in said} == {200, 201, 400, 401, 403, 409, 415}
    dump = asyncio.run(_dump(database_url))
    assert "1.4.2" in dump
    log = ledger.log.read_text()
    assert log.count('"status":') == len(said)
    for secret in secrets:
        for place in (dump, log, *(it.stderr for it in made), *map(everything_said, said)):
            assert secret not in place
            assert secret.removeprefix("wb_")[:20] not in place


async def _dump(database_url: str) -> str:
    async with opened(database_url, pooler.MODE):
        return "".join([str(await table.select()) for table in TABLES])


def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://waybill:{PASSWORD}@/ledger?host={tmp_path}"
    for args in (["migrate"], ["token", "list"]):
        refused = command(url, *args)
        assert refused.code == 1
        assert "the database cannot be used" in refused.stderr
        assert PASSWORD not in refused.stderr
    wrong = command(f"mysql://waybill:{PASSWORD}@host/x", "serve")
    assert (wrong.code, PASSWORD in wrong.stderr) == (1, False)


async def test_an_unexpected_error_shows_its_id_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("SELECT canary FROM /srv/secret")

    async with served(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        monkeypatch.setattr(filed, "newest", broken)
        answer = await ledger.http.get("/releases", headers={"X-Request-Id": "given-by-the-client"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "given-by-the-client"
    assert "canary" not in everything_said(answer)
    assert "canary" in caplog.text


def test_secrets_are_compared_in_constant_time_alone() -> None:
    files = ["auth/tokens.py", "auth/webhook_key.py", "domain/signature.py", "domain/tokens.py", "ledger/tokens.py"]
    found = [it for file in files for it in compared((TOP / "service" / file).read_text())]
    assert found == ["tables.Token.sha256 == sha256"]  # asked of the database, by the hash of 178 random bits
    assert compared("if signature == right: pass") == ["signature == right"]
