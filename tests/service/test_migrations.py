"""Migrations: once, however many run them, and harmless to a ledger that does not know them."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.database.migrate import known, migrate, pending
from service.database.piccolo_conf import Engine
from service.database.tables import TABLES

from ..support.service.postgres_server import PostgresServer
from ..support.service.replica import command, settings
from ..support.service.served import Served, document, event, served
from ..support.service.sizes import size
from .conftest import run_sql

RUNNERS = size(4, 8)
WAITING = """
from service.__main__ import main
from service.database import migrate
print("ready", flush=True)
input()
main(["migrate"])
"""
NEWER = (
    "ALTER TABLE release ADD COLUMN signature TEXT DEFAULT NULL",
    "ALTER TABLE event ADD COLUMN sender TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE approval (id INTEGER PRIMARY KEY, release BIGINT NOT NULL REFERENCES release (id))",
    "INSERT INTO migration (name, app_name) VALUES ('9999', 'ledger')",
)


@pytest.mark.anyio
async def test_migrations_build_exactly_the_columns_of_the_tables(database: Engine) -> None:
    for table in TABLES:
        assert await table.select() == []
    assert await pending() == []
    assert await migrate(database) == []


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    asyncio.run(run_sql(server.url("postgres"), "DROP DATABASE IF EXISTS empty"))
    asyncio.run(run_sql(server.url("postgres"), "CREATE DATABASE empty"))
    return server.url("empty")


@pytest.mark.long
def test_of_many_runners_at_once_one_migrates_and_all_are_content(empty_url: str) -> None:
    """Each is loaded and waits for a line: then they begin within milliseconds."""
    command, env = [sys.executable, "-P", "-c", WAITING], settings(empty_url)
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    runners = [subprocess.Popen(command, env=env, text=True, **pipes) for _ in range(RUNNERS)]
    for it in runners:
        assert it.stdout.readline() == "ready\n"
    for it in runners:
        it.stdin.write("\n")
        it.stdin.flush()
    said = sorted(it.communicate()[1].strip() for it in runners)
    assert [it.returncode for it in runners] == [0] * RUNNERS, said
    assert said == [f"applied {', '.join(known())}", *["nothing to apply"] * (RUNNERS - 1)]


@pytest.mark.parametrize(("encoding", "code"), [("LATIN1", 1), ("SQL_ASCII", 0)])
def test_a_database_that_has_not_every_character_is_refused(postgres: PostgresServer, encoding: str, code: int) -> None:
    name = encoding.lower()
    made = f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    asyncio.run(run_sql(postgres.url("postgres"), made))
    for command_ in ("migrate", "serve") if code else ("migrate",):
        ran = command(postgres.url(name), command_)
        assert ran.code == code
        assert ("encoding is LATIN1" in ran.stderr) == bool(code)


@pytest.mark.anyio
async def test_a_ledger_serves_on_while_and_after_the_next_version_migrates(
    ledger: Served, database_url: str, database: Engine
) -> None:
    """Old replicas run beside the first new one, and a rollback starts on the newer database."""

    async def works(ledger: Served, number: int) -> None:
        assert (await ledger.http.get("/readyz")).status_code == 200
        assert (await ledger.file(document(version=f"1.{number}.0"))).status_code == 201
        assert (await ledger.say(event(revision=f"1.{number}.0", resource_version=number))).status_code == 201
        [standing] = (await ledger.get("/environments/staging"))["services"]
        assert standing["release"]["version"] == f"1.{number}.0"
        assert standing["release"]["known"]
        assert len((await ledger.get("/releases"))["items"]) == number
        assert (await ledger.http.get("/")).status_code == 200

    await works(ledger, 1)
    async with database.transaction():
        for statement in NEWER:
            await database.fetch(statement)
    await works(ledger, 2)
    assert await migrate(database) == []
    assert await database.fetch("SELECT count(*) FROM migration") == [(len(known()) + 1,)]
    async with served(database_url) as older:
        await works(older, 3)
