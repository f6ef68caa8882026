"""Where a request is refused, since the database says nothing for seconds, a command goes on waiting."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database.patience import REQUEST

from ..support.builders import Ran
from ..support.service.postgres_server import PostgresServer
from ..support.service.replica import command
from ..support.service.wire import Wire
from .conftest import run_sql

pytestmark = [pytest.mark.anyio, pytest.mark.long]
MAKE = ["token", "create", "--scope", "read"]


def begun(url: str, *args: str, **settings: str) -> "asyncio.Task[Ran]":
    return asyncio.create_task(asyncio.to_thread(command, url, *args, **settings))


async def still_wait(works: "list[asyncio.Task[Ran]]", seconds: float) -> None:
    done, _ = await asyncio.wait(works, timeout=2 * seconds, return_when=asyncio.FIRST_COMPLETED)
    assert not done, done


@pytest.mark.postgres
async def test_for_a_postgresql_that_says_nothing(
    postgres: PostgresServer, postgres_template: str, tmp_path: Path
) -> None:
    await run_sql(postgres.url("postgres"), f"CREATE DATABASE waits TEMPLATE {postgres_template}")
    url = postgres.url("waits").replace(str(postgres.folder), str(tmp_path))
    async with Wire(tmp_path, postgres).up() as wire:
        wire.open.clear()
        works = [begun(url, *it, DATABASE_POOLER="none") for it in (MAKE, ["migrate"], ["rebuild"])]
        await still_wait(works, REQUEST.connect)
        wire.open.set()
        assert [it.code for it in await asyncio.gather(*works)] == [0, 0, 0], works


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
