"""A ledger refuses to start half-configured, and takes new keys while it runs."""

import ast
import json
import os
from pathlib import Path

import pytest

import service
from service.settings import Settings, SettingsError

from ..support.service.replica import command
from ..support.service.served import event, served, signature

OLD, NEW, OTHER = "the-old-key-0123456789", "the-new-key-0123456789", "another-key-0123456789"
SERVICE = Path(str(service.__file__)).parent


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"READS": "everyone"}, "READS: 'everyone' is neither public nor token"),
        ({"PORT": "http"}, "PORT: 'http' is not a number from 0 to 65535"),
        ({"PORT": "-1"}, "PORT: '-1' is not"),
        ({"PORT": "65536"}, "PORT: '65536' is not"),
        ({"PORT": "\u0663"}, "PORT: "),
        ({"DRAIN_SECONDS": "-1"}, "DRAIN_SECONDS: '-1' is not a number from 0 to 600"),
        ({"DATABASE_URL": "mysql://ledger"}, "DATABASE_URL: it must be sqlite:///"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: it must be sqlite:///"),
        ({"DATABASE_URL": "sqlite:///x", "DATABASE_URL_FILE": "/x"}, "both set"),
        ({"DATABASE_URL_FILE": "/no/such/file"}, "DATABASE_URL_FILE: /no/such/file cannot be read: No such file"),
        ({"FLUX_KEYS": "{}", "FLUX_KEYS_FILE": "/x"}, "both set"),
        ({"FLUX_KEYS_FILE": "/no/such/file"}, "FLUX_KEYS_FILE: /no/such/file cannot be read: No such file"),
        ({"FLUX_KEYS": OLD}, "FLUX_KEYS: it must be JSON of the form"),
        ({"FLUX_KEYS": json.dumps([OLD])}, "FLUX_KEYS: it must be JSON of the form"),
        ({"FLUX_KEYS": json.dumps({"Staging!": OLD})}, "'Staging!' is not the name of an environment"),
        ({"FLUX_KEYS": json.dumps({"staging": []})}, "staging has 0 keys"),
        ({"FLUX_KEYS": json.dumps({"staging": [OLD, NEW, OTHER]})}, "staging has 3 keys"),
        ({"FLUX_KEYS": json.dumps({"staging": OLD[:15]})}, "shorter than 16 bytes"),
        ({"FLUX_KEYS": json.dumps({"staging": OLD, "production": [NEW, OLD]})}, "two environments share a key"),
    ],
)
def test_what_cannot_be_used_is_named_and_no_key_is_shown(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(given)
    assert said in str(refused.value)
    assert not [key for key in (OLD[:15], NEW, OTHER) if key in str(refused.value)]


def test_the_command_says_so_and_serves_nothing(tmp_path: Path) -> None:
    refused = command(f"sqlite:///{tmp_path / 'ledger.db'}", "serve", READS="everyone")
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr.strip() == "Error: READS: 'everyone' is neither public nor token"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:////srv/ledger.db\n")
    assert Settings.from_environment({"DATABASE_URL_FILE": str(file)}).database_url == "sqlite:////srv/ledger.db"


@pytest.mark.anyio
async def test_keys_change_while_the_ledger_runs(tmp_path: Path) -> None:
    """As a rotation goes: the new key beside the old one, then alone. A slip in between locks nobody out."""
    file = tmp_path / "keys"

    def write(text: str) -> None:
        """As Kubernetes changes a mounted Secret: another file takes the place of the old one."""
        (tmp_path / "next").write_text(text)
        os.replace(tmp_path / "next", file)

    write(json.dumps({"staging": [OLD]}))
    given = {"FLUX_KEYS": "", "FLUX_KEYS_FILE": str(file)}
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}", **given) as ledger:
        number = 0

        async def opens(key: str) -> bool:
            nonlocal number
            number += 1
            body = json.dumps(event(resource_version=number)).encode()
            headers = {"X-Signature": signature(body, key)}
            answer = await ledger.http.post("/hooks/flux/staging", content=body, headers=headers)
            assert answer.status_code in (201, 401)
            return answer.status_code == 201

        assert [await opens(OLD), await opens(NEW)] == [True, False]
        write(json.dumps({"staging": [OLD, NEW]}))
        assert [await opens(OLD), await opens(NEW)] == [True, True]
        for slip in ("", "{", json.dumps({"staging": [NEW, "short"]})):
            write(slip)
            assert [await opens(OLD), await opens(NEW)] == [True, True]
        file.unlink()
        assert await opens(OLD)
        write(json.dumps({"staging": [NEW]}))
        assert [await opens(OLD), await opens(NEW)] == [False, True]
        write(json.dumps({"production": [NEW]}))
        assert not await opens(NEW)


SECRET = {"sha256", "signature", "signatures", "given", "secret", "token", "key", "password", "shown"}


def compared(source: str) -> list[str]:
    """Every comparison by == or != of something named like a secret or its hash."""
    return [
        ast.unparse(it)
        for it in ast.walk(ast.parse(source))
        if isinstance(it, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in it.ops)
        and {_last(side) for side in (it.left, *it.comparators)} & SECRET
    ]


def _last(side: ast.expr) -> str:
    return getattr(side, "attr", None) or getattr(side, "id", "")


def test_secrets_are_compared_in_constant_time_alone() -> None:
    files = ["auth/tokens.py", "auth/webhook_key.py", "domain/signature.py", "domain/tokens.py", "ledger/tokens.py"]
    found = [it for file in files for it in compared((SERVICE / file).read_text())]
    assert found == ["Row.sha256 == sha256"]  # asked of the database, by the hash of 178 random bits
    assert compared("if signature == right: pass") == ["signature == right"]
