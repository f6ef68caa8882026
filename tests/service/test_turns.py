"""Whoever waits for others to join waits for an end: of them, or of the time."""

import asyncio

import pytest

from service.database.turns import MOST, SECONDS, until_none_joins

pytestmark = pytest.mark.anyio


async def joining(waiting: list[int], seconds: float = 0) -> None:
    """One more in each of many turns; a turn takes so long."""
    for number in range(1000):
        waiting.append(number)
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            pass
        await asyncio.sleep(0)


@pytest.mark.parametrize("seconds", [0, SECONDS], ids=["short turns", "long turns"])
async def test_it_returns_although_one_joins_in_each_turn(seconds: float) -> None:
    waiting = [0]
    task = asyncio.create_task(joining(waiting, seconds))
    await until_none_joins(waiting)
    task.cancel()
    assert 1 <= len(waiting) <= (4 if seconds else MOST)


async def test_it_returns_when_none_joins() -> None:
    waiting = [0]
    await until_none_joins(waiting)
    assert waiting == [0]
