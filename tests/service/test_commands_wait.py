"""Where a request is refused, since the database says nothing for seconds, a command goes on waiting."""

import asyncio
import contextlib
import itertools
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.database import lifespan, vacuum
from service.database.outages import DatabaseOutage
from service.database.patience import COMMAND, LONG_COMMAND, REQUEST, Patience
from service.ledger import tokens

from ..support.builders import Ran
from ..support.service.postgres_server import PostgresServer
from ..support.service.replica import command
from ..support.service.served import document, served
from ..support.service.wire import Wire
from .conftest import run_sql

pytestmark = [pytest.mark.anyio, pytest.mark.long]
MAKE = ["token", "create", "--scope", "read"]


def begun(url: str, *args: str, **settings: str) -> "asyncio.Task[Ran]":
    return asyncio.create_task(asyncio.to_thread(command, url, *args, **settings))


async def still_wait(works: "list[asyncio.Task[Ran]]", seconds: float) -> None:
    done, _ = await asyncio.wait(works, timeout=2 * seconds, return_when=asyncio.FIRST_COMPLETED)
    assert not done, done


@contextlib.asynccontextmanager
async def soon_over() -> AsyncIterator[None]:
    """What is within takes less than half of a command's patience."""
    began = time.monotonic()
    async with asyncio.timeout(COMMAND.connect / 2):
        yield
    assert time.monotonic() - began < COMMAND.connect / 2


@pytest.fixture
async def through(postgres: PostgresServer, postgres_template: str, tmp_path: Path) -> str:
    """The URL of a database, through the folder `tmp_path`."""
    await run_sql(postgres.url("postgres"), "DROP DATABASE IF EXISTS waits WITH (FORCE)")
    await run_sql(postgres.url("postgres"), f"CREATE DATABASE waits TEMPLATE {postgres_template}")
    return postgres.url("waits").replace(str(postgres.folder), str(tmp_path))


@pytest.mark.postgres
async def test_for_a_postgresql_that_says_nothing(postgres: PostgresServer, through: str, tmp_path: Path) -> None:
    async with Wire(tmp_path, postgres).up() as wire:
        wire.open.clear()
        works = [begun(through, *it, DATABASE_POOLER="none") for it in (MAKE, ["migrate"], ["rebuild"])]
        await still_wait(works, REQUEST.connect)
        wire.open.set()
        assert [it.code for it in await asyncio.gather(*works)] == [0, 0, 0], works


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("until", "statement"), [("pg_backend_pid", None), ("information_schema", None), ('"token"', 2.0)]
)
async def test_one_that_falls_silent_later_is_waited_for_no_longer(
    postgres: PostgresServer,
    through: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: str,
    statement: float | None,
) -> None:
    soon = Patience(connect=2.0, statement=statement, busy=2.0)
    monkeypatch.setattr(lifespan, "COMMAND", soon._replace(statement=2.0))
    async with Wire(tmp_path, postgres, until).up() as wire, soon_over():
        with pytest.raises(DatabaseOutage, match="no answer in time"):
            async with lifespan.reopened(through, "none", soon):
                await tokens.every()
        assert not wire.open.is_set()
        wire.open.set()


async def fails(url: str) -> None:
    async with lifespan.opened(url, "none", LONG_COMMAND) as engine, engine.transaction():
        await engine.fetch("SELECT 1")
        raise ZeroDivisionError


@pytest.mark.postgres
async def test_one_that_falls_silent_at_a_roll_back_hides_no_error(
    postgres: PostgresServer, through: str, tmp_path: Path
) -> None:
    async with Wire(tmp_path, postgres, "ROLLBACK").up() as wire, soon_over():
        with pytest.raises(ZeroDivisionError):
            await fails(through)
        assert not wire.open.is_set()
        wire.open.set()


@pytest.mark.postgres
async def test_a_silent_host_before_one_that_answers_costs_little(
    postgres: PostgresServer, through: str, tmp_path: Path
) -> None:
    async with Wire(tmp_path, postgres).up() as wire, soon_over():
        wire.open.clear()
        url = through.replace(str(tmp_path), f"{tmp_path},{postgres.folder}")
        assert (await begun(url, *MAKE, DATABASE_POOLER="none")).code == 0
        wire.open.set()


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.sqlite
async def test_for_another_program_that_locks_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    url = f"sqlite:///{file}"
    assert command(url, "migrate").code == 0
    with locked(file):
        work = begun(url, *MAKE)
        await still_wait([work], REQUEST.busy)
    assert (await work).code == 0, work.result().stderr


@pytest.mark.sqlite
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
async def test_a_file_that_another_program_just_changes_is_opened_then(tmp_path: Path, mode: str) -> None:
    """Two are started after a restore, which leaves no log: SQLite refuses one of them at once."""
    file = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute(f"PRAGMA journal_mode={mode}")
        other.execute("CREATE TABLE mine (id int)")
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        timer.start()
        async with lifespan.opened(f"sqlite:///{file}", "none", REQUEST) as engine:
            assert await engine.fetch("PRAGMA journal_mode") == [("wal",)]
        timer.join()


@pytest.mark.sqlite
async def test_who_waits_for_sqlite_can_be_ended(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    assert command(f"sqlite:///{file}", "migrate").code == 0
    with locked(file):
        async with soon_over():
            opening = asyncio.create_task(lifespan.opened(f"sqlite:///{file}", "none", COMMAND).__aenter__())
            await asyncio.wait([opening], timeout=0.1)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening


@pytest.mark.sqlite
async def test_a_reader_that_is_in_the_way_of_vacuum_is_not_in_that_of_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    async with served(f"sqlite:///{file}") as ledger:
        token = await ledger.token("releases:write")
        assert (await ledger.file(document(), token)).status_code == 201
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM release").fetchall()
            made = asyncio.create_task(asyncio.to_thread(vacuum.vacuum, file))
            for number in itertools.count():
                answer = await ledger.file(document(version=f"2.0.{number}"), token)
                assert answer.status_code == 201, answer.text
                if made.done():
                    break
            assert (await made).is_read
