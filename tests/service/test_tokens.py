"""Tokens as the command makes, lists and ends them."""

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest

from service.database.piccolo_conf import Engine
from service.database.url import shown
from service.domain.tokens import ALPHABET, generate, is_well_formed
from service.ledger import tokens

from ..support.service.postgres_server import PostgresServer
from ..support.service.replica import command, replica
from .conftest import run_sql


@pytest.mark.long
def test_a_token_is_created_shown_once_listed_and_revoked_everywhere_in_time(database_url: str, tmp_path: Path) -> None:
    made = command(database_url, "token", "create", "--scope", "read", "--name", "Ada", "--expires", "2d")
    token = made.stdout.strip()
    assert is_well_formed(token)
    assert token not in made.stderr
    with replica(database_url, tmp_path / "log", READS="token") as ledger, ledger.http() as http:
        http.headers["Authorization"] = f"Bearer {token}"
        assert http.get("/releases").status_code == 200
        listed = command(database_url, "token", "list").stdout
        assert listed.startswith("1\tAda\tread\tany service\texpires ")
        assert token[3:] not in listed
        assert command(database_url, "token", "revoke", "1").code == 0
        revoked = time.monotonic()
        while http.get("/releases").status_code == 200:
            assert time.monotonic() - revoked < 5
            time.sleep(0.1)
    assert command(database_url, "token", "list").stdout.strip().endswith("revoked")
    assert command(database_url, "token", "revoke", "2").code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["--scope", "write"],
        [],
        ["--scope", "read", "--expires", "soon"],
        ["--scope", "read", "--expires", "0d"],
        ["--scope", "read", "--expires", "367d"],
        ["--scope", "read", "--expires", "99999d"],
        ["--scope", "read", "--expires", "99999h"],
        ["--scope", "read", "--service", "No Name"],
        ["--scope", "read", "--name", "a\x1b[2Jb"],
        ["--scope", "read", "--name", "a\u202eb"],
        ["--scope", "read", "--name", "x" * 101],
        ["--scope", "read", "--name", " "],
    ],
)
def test_a_token_that_makes_no_sense_is_refused(tmp_path: Path, args: list[str]) -> None:
    refused = command(f"sqlite:///{tmp_path / 'ledger.db'}", "token", "create", *args)
    assert (refused.code, refused.stdout) == (2, "")


def test_each_typing_error_is_seen_without_asking_the_database() -> None:
    token = generate()
    for place in range(3, len(token)):
        for other in ALPHABET:
            assert is_well_formed(token[:place] + other + token[place + 1 :]) == (other == token[place])
    assert not is_well_formed(token + "\n")


USES_A_DATABASE = [
    ["token", "create", "--scope", "read"],
    ["token", "list"],
    ["token", "revoke", "1"],
    ["rebuild"],
    ["archive", "--before", "2026-01-31", "bodies"],
]


@pytest.mark.parametrize("args", USES_A_DATABASE, ids=" ".join)
def test_a_database_that_no_ledger_used_is_refused_and_not_made(tmp_path: Path, args: list[str]) -> None:
    """As with a DATABASE_URL that only the command `serve` was given."""
    file = tmp_path / "waybill.db"
    refused = command(f"sqlite:///{file}", *args)
    assert (refused.code, refused.stdout) == (1, "")
    assert f"{file} is no database of a ledger" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE mine (id int)")
    other.close()
    for content in (file.read_bytes(), b"a text" * 1000):
        file.write_bytes(content)
        refused = command(f"sqlite:///{file}", *args)
        assert (refused.code, refused.stdout) == (1, "")
        assert "waybill-service migrate" in refused.stderr
        assert file.read_bytes() == content


@pytest.mark.anyio
async def test_an_empty_postgres_is_refused_and_stays_empty(postgres: PostgresServer) -> None:
    await run_sql(postgres.url("postgres"), "CREATE DATABASE nobodys")
    url = postgres.url("nobodys")
    refused = command(url, "token", "create", "--scope", "read", DATABASE_POOLER="none")
    assert (refused.code, refused.stdout) == (1, "")
    assert "PostgreSQL nobodys at " in refused.stderr
    assert "is no database of a ledger" in refused.stderr
    await run_sql(url, "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM pg_tables WHERE schemaname = 'public'); END $$")


def test_the_commands_say_which_database_they_use(database_url: str) -> None:
    said = command(database_url, "token", "list").stderr
    name = database_url.partition("?")[0].rpartition("/")[2]
    assert said.startswith("database: ")
    assert name in said
    assert "password" not in said


def test_a_shown_url_has_no_password() -> None:
    assert shown("postgresql://user:secret@a,b:6432/ledger") == "PostgreSQL ledger at a:5432,b:6432"
    assert shown("postgresql:///ledger?host=/run/pg&password=secret") == "PostgreSQL ledger at /run/pg:5432"
    assert shown("sqlite:////srv/ledger.db") == "/srv/ledger.db"


@pytest.mark.parametrize("number", ["١", "１", "²", "1_0", " 1", "+1", "1.0", ""])
def test_a_number_is_written_in_ascii_digits(database_url: str, number: str) -> None:
    command(database_url, "token", "create", "--scope", "read")
    refused = command(database_url, "token", "revoke", number)
    assert (refused.code, "no number of a token" in refused.stderr) == (2, True)
    assert "revoked" not in command(database_url, "token", "list").stdout


@pytest.mark.parametrize("number", ["0", str(2**63 - 1), str(2**63), "1" + 22 * "0"])
def test_a_token_that_is_not_there_cannot_be_revoked(database_url: str, number: str) -> None:
    refused = command(database_url, "token", "revoke", number)
    assert refused.code == 1
    assert f"there is no token {number}" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.anyio
async def test_a_list_shows_a_name_of_before_without_what_a_terminal_obeys(database_url: str, database: Engine) -> None:
    await tokens.create("a\x1b[2J\u202e\nb", ("read",), None, timedelta(days=1))
    [line] = command(database_url, "token", "list").stdout.splitlines()
    assert line.startswith("1\ta\ufffd[2J\ufffd\ufffdb\tread")
