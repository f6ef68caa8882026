"""A transaction gives its connection back, whatever happens to it; and the engines' other promises."""

import asyncio
import contextlib
import sqlite3
import threading
import types
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from piccolo.engine.exceptions import TransactionError

from service.database import postgres_connections
from service.database.piccolo_conf import Engine
from service.database.postgres import POOL_SIZE
from service.database.tables import Event

from ..support.service import pooler
from ..support.service.postgres_server import PostgresServer
from ..support.service.sizes import size
from .conftest import run_sql

pytestmark = pytest.mark.anyio
CANCELLATIONS = size(300, 3_000)
LINKED = (
    "CREATE TABLE linked (id INTEGER PRIMARY KEY, other INTEGER REFERENCES linked(id) DEFERRABLE INITIALLY DEFERRED)"
)


def row(name: str) -> Event:
    return Event(environment="staging", sha256=name, body=b"", received_at=datetime.now(UTC))


@types.coroutine
def cancelled(work: Coroutine[Any, Any, None], at: int) -> Generator[Any, Any, None]:
    """`work`, in a task that is cancelled where it waits for the time `at`, counted from 0."""
    waits = 0
    answer, error = None, None
    while True:
        try:
            waited = work.throw(error) if error else work.send(answer)
        except StopIteration:
            return
        if waits == at and (task := asyncio.current_task()):
            task.cancel()
        waits += 1
        try:
            answer, error = (yield waited), None
        except BaseException as thrown:
            answer, error = None, thrown


async def works(database: Engine) -> None:
    """Reads and writes, as many at a time as there are connections and more."""

    async def write(number: int) -> None:
        async with asyncio.timeout(5), database.transaction():
            await Event.insert(row(f"works {number}"))

    await asyncio.gather(*(write(number) for number in range(2 * POOL_SIZE)))
    assert await Event.count().where(Event.sha256.like("works %")) == 2 * POOL_SIZE


async def test_a_refused_commit_gives_its_connection_back(database: Engine) -> None:
    await database.run_ddl(LINKED)
    for _ in range(2 * POOL_SIZE):
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            async with database.transaction():
                await database.fetch("INSERT INTO linked VALUES (1, 99)")
    assert await database.fetch("SELECT count(*) FROM linked") == [(0,)]
    await works(database)


async def test_an_error_undoes_the_transaction(database: Engine) -> None:
    for _ in range(2 * POOL_SIZE):
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the transaction is what is tested
            async with database.transaction():
                await Event.insert(row("undone"))
                raise ZeroDivisionError
    assert await Event.count() == 0
    await works(database)


@pytest.mark.long
async def test_a_cancelled_task_leaves_no_lock_no_transaction_and_no_half(
    database: Engine, record_property: Callable[[str, str], None]
) -> None:
    async def pair(number: int) -> None:
        async with database.transaction():
            await Event.insert(row(f"first {number}"))
            await asyncio.sleep(0)
            await Event.insert(row(f"second {number}"))

    ends, at = Counter[bool](), 0
    for number in range(CANCELLATIONS):
        ended = await asyncio.gather(asyncio.create_task(cancelled(pair(number), at)), return_exceptions=True)
        ends[ended == [None]] += 1
        at = 0 if ended == [None] else at + 1  # it was not cancelled any more: from the beginning
    assert ends[True] > CANCELLATIONS // 100
    assert ends[False] > ends[True]
    written = [it["sha256"].split() for it in await Event.select(Event.sha256)]
    halves = [{number for half, number in written if half == name} for name in ("first", "second")]
    assert halves[0] == halves[1]
    record_property("figure", f"{CANCELLATIONS} cancellations, {len(halves[0])} committed, none by half")
    await works(database)


async def test_a_task_that_outlives_its_transaction_is_refused(database: Engine) -> None:
    ended = asyncio.Event()

    async def late() -> None:
        await ended.wait()
        await Event.insert(row("late"))

    async with database.transaction():
        task = asyncio.create_task(late())
    ended.set()
    with pytest.raises((TransactionError, asyncpg.InterfaceError)):
        await task
    assert await Event.count() == 0


async def test_nobody_sees_what_is_not_committed(database: Engine) -> None:
    written, seen = asyncio.Event(), asyncio.Event()

    async def reader() -> int:
        await written.wait()
        count = await Event.count()
        seen.set()
        return count

    reading = asyncio.create_task(reader())
    async with database.transaction():
        await Event.insert(row("hidden"))
        written.set()
        await seen.wait()
    assert await reading == 0
    assert await Event.count() == 1


@pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
async def test_a_write_waits_until_another_program_is_done(database: Engine, database_url: str) -> None:
    with contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def write() -> None:
            async with database.transaction():
                await Event.insert(row("waited"))

        writing = asyncio.create_task(write())
        assert await Event.count() == 0  # reading waits for nobody
        await asyncio.sleep(0)
        assert not writing.done()
        other.execute("COMMIT")
        await writing
    assert await Event.count() == 1


@pytest.mark.long
@pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_connections_that_the_server_closed_while_they_rested_are_not_used_again(
    database: Engine, postgres: PostgresServer
) -> None:
    await works(database)
    await run_sql(
        postgres.url("postgres"),
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    await asyncio.gather(*(Event.count() for _ in range(2 * POOL_SIZE)))


@pytest.mark.skipif(pooler.MODE != "none", reason="the pooler has other connections to the server")
@pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_connection_that_rested_long_is_replaced(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    [(first,)] = await database.fetch("SELECT pg_backend_pid()")
    assert await database.fetch("SELECT pg_backend_pid()") == [(first,)]
    monkeypatch.setattr(postgres_connections, "IDLE_SECONDS", 0)
    assert await database.fetch("SELECT pg_backend_pid()") != [(first,)]


async def test_an_engine_leaves_no_thread(database: Engine) -> None:
    before = threading.active_count()
    for number in range(20):
        await Event.insert(row(f"{number}"))
        await Event.select()
    assert threading.active_count() <= before + 1
