"""Writes that commit together fail alone, and none waits for a caller who gave up."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from service.database.group_commit import written
from service.database.piccolo_conf import Engine
from service.database.tables import Event

pytestmark = pytest.mark.anyio


def row(name: str) -> Event:
    return Event(environment="staging", sha256=name, body=b"", received_at=datetime.now(UTC))


async def test_of_writes_that_commit_together_one_that_fails_fails_alone(database: Engine) -> None:
    async def work(numbers: Sequence[int]) -> Sequence[int]:
        for number in numbers:
            await Event.insert(row(f"{number}"))
            if number == 7:
                raise ValueError(number)
        return numbers

    results = await asyncio.gather(*(written(work, number) for number in range(20)), return_exceptions=True)
    assert [it for it in results if isinstance(it, int)] == [number for number in range(20) if number != 7]
    assert isinstance(results[7], ValueError)
    assert await Event.count() == 19


async def test_who_gives_up_waiting_does_not_stop_the_others(database: Engine) -> None:
    async def work(numbers: Sequence[int]) -> Sequence[int]:
        for number in numbers:
            await Event.insert(row(f"{number}"))
        return numbers

    tasks = [asyncio.ensure_future(written(work, number)) for number in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [it for it in results if isinstance(it, int)] == [number for number in range(20) if number != 3]


async def test_what_comes_turn_after_turn_commits_together(database: Engine) -> None:
    batches = list[int]()

    async def work(numbers: Sequence[int]) -> Sequence[int]:
        batches.append(len(numbers))
        return numbers

    async def ask(number: int) -> int:
        for _ in range(number):
            await asyncio.sleep(0)
        return await written(work, number)

    assert await asyncio.gather(*map(ask, range(16))) == [*range(16)]
    assert batches == [16]
