"""An answer that is made of much keeps nobody waiting, and equal questions that wait are answered together."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime

import pytest

from service.database.long_reads import LongRead, LongReads
from service.database.piccolo_conf import Engine
from service.database.tables import Event

from ..support.service.served import Served

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)])


class Work:
    """What is asked for, in the order in which it begins; it goes on when it `may`."""

    def __init__(self) -> None:
        self.begun, self.may = list[object](), asyncio.Event()

    async def run(self, it: LongRead) -> object:
        self.begun.append(it.key)
        await self.may.wait()
        if it.key == "wrong":
            raise ValueError(it.key)
        return it.key, len(self.begun)


async def nothing(key: object) -> None: ...


def same(key: object, rows: object) -> object:
    return key


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)


async def test_equal_questions_that_wait_are_answered_together_and_none_joins_what_has_begun() -> None:
    work = Work()
    reads = LongReads(work.run, abreast=1)
    first = asyncio.create_task(reads(nothing, same, "a"))
    await until(lambda: work.begun == ["a"])
    others = [asyncio.create_task(reads(nothing, same, key)) for key in ("a", "b", "a", "wrong", "wrong")]
    await asyncio.sleep(0)
    work.may.set()
    assert await first == ("a", 1)
    assert await asyncio.gather(*others[:3]) == [("a", 2), ("b", 3), ("a", 2)]
    for it in others[3:]:
        with pytest.raises(ValueError, match="wrong"):
            await it
    assert work.begun == ["a", "a", "b", "wrong"]


async def test_what_nobody_waits_for_any_more_is_not_made() -> None:
    work = Work()
    reads = LongReads(work.run, abreast=1)
    first, left, stayed, alone = (asyncio.create_task(reads(nothing, same, it)) for it in ("a", "b", "b", "c"))
    await until(lambda: work.begun == ["a"])
    left.cancel()
    alone.cancel()
    await asyncio.wait([left, alone])
    again = asyncio.create_task(reads(nothing, same, "c"))
    work.may.set()
    assert await asyncio.gather(first, stayed, again) == [("a", 1), ("b", 2), ("c", 3)]
    assert work.begun == ["a", "b", "c"]


async def events(key: object) -> list[int]:
    return [await Event.count(), await Event.count()]


async def test_others_are_answered_while_an_answer_is_computed(database: Engine) -> None:
    may = threading.Event()

    def make(key: object, rows: list[int]) -> list[int]:
        assert may.wait(30)
        return rows

    answer = asyncio.create_task(database.long_reads(events, make, 1))
    assert await database.fetch("SELECT 1") == [(1,)]
    may.set()
    assert await answer == [0, 0]


@on_sqlite
async def test_all_that_is_read_for_an_answer_is_of_one_moment(database: Engine) -> None:
    loop = asyncio.get_running_loop()

    async def add() -> None:
        await Event.insert(Event(environment="staging", sha256="", body=b"", received_at=datetime.now(UTC)))

    async def read(key: object) -> list[int]:
        before = await Event.count()
        Context().run(asyncio.run_coroutine_threadsafe, add(), loop).result(30)
        return [before, await Event.count()]

    def rows_of(key: object, rows: list[int]) -> list[int]:
        return rows

    assert await database.long_reads(read, rows_of, 1) == [0, 0]
    assert await Event.count() == 1


@on_sqlite
async def test_a_long_read_writes_nothing(database: Engine) -> None:
    async def write(key: object) -> None:
        await database.fetch("DELETE FROM event", many=True)

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.long_reads(write, same, 1)
    assert await database.long_reads(events, same, 1) == 1


async def test_many_who_ask_for_the_same_figures_at_one_time_all_get_them(
    ledger: Served, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    may, read = threading.Event(), list[object]()

    def make(key: object, rows: object) -> bool:
        return may.wait(30)

    occupied = [asyncio.create_task(database.long_reads(nothing, make, number)) for number in range(3)]
    begin = database.long_reads._run

    async def counted(it: LongRead) -> object:
        read.append(it.key)
        return await begin(it)

    monkeypatch.setattr(database.long_reads, "_run", counted)
    query = "/figures?from=2026-01-01&to=2026-02-01"
    asked = [asyncio.create_task(ledger.http.get(query)) for _ in range(16)]
    await until(lambda: 16 in [it.askers for it in database.long_reads._waiting.values()])
    may.set()
    answers = await asyncio.gather(*asked)
    assert {(it.status_code, it.text) for it in answers} == {(200, answers[0].text)}
    assert await asyncio.gather(*occupied) == [True] * 3
    assert len([it for it in read if not isinstance(it, int)]) == 1
