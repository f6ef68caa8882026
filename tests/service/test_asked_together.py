"""PostgreSQL is asked once for all that wants to know at one time: each gets its own answer, and none an old one."""

import asyncio
from typing import Any

import asyncpg
import pytest

from service.database.piccolo_conf import Engine

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
DOWN_FROM = "SELECT i, i % 7 FROM generate_series(1, $1::int) i ORDER BY i DESC"
SECOND = "SELECT 1 / $1::int"
BY_CHANCE = "SELECT random()"


@pytest.fixture
def backend() -> str:
    return "postgres"


async def turns() -> None:
    """After these what was asked is on its way."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_each_gets_its_own_rows_in_their_order(database: Engine) -> None:
    numbers = [*range(200), 3, 0, 3]
    answers = await asyncio.gather(*(database.fetch(DOWN_FROM, [number]) for number in numbers))
    assert answers == [[(i, i % 7) for i in range(number, 0, -1)] for number in numbers]


async def test_the_same_is_asked_once_and_not_of_those_who_came_earlier(database: Engine) -> None:
    one, other = await asyncio.gather(database.fetch(BY_CHANCE), database.fetch(BY_CHANCE))
    assert one == other
    first = asyncio.create_task(database.fetch(BY_CHANCE))
    await turns()
    assert await database.fetch(BY_CHANCE) != await first


async def test_one_that_fails_fails_alone(database: Engine) -> None:
    answers: list[Any] = await asyncio.gather(
        *(database.fetch(SECOND, [number]) for number in (1, 0, -1, 2**31)), return_exceptions=True
    )
    assert [answers[0], answers[2]] == [[(1,)], [(-1,)]]
    assert isinstance(answers[1], asyncpg.DivisionByZeroError)
    assert isinstance(answers[3], asyncpg.DataError)


async def test_one_that_leaves_takes_nobody_along(database: Engine) -> None:
    leaving, same, other = (asyncio.create_task(database.fetch(DOWN_FROM, [number])) for number in (2, 2, 1))
    await turns()
    leaving.cancel()
    assert await asyncio.gather(same, other) == [[(2, 2), (1, 1)], [(1, 1)]]
    with pytest.raises(asyncio.CancelledError):
        await leaving
