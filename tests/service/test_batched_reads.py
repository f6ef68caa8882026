"""Reads of one moment go to PostgreSQL in one round trip: each caller gets its own rows, and none an old answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from service.database.batched_reads import BatchedReads
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


async def test_the_order_of_the_rows_is_that_of_the_outermost_select() -> None:
    """Of a subquery SQL promises none, even where PostgreSQL happens to keep it."""
    sent = list[str]()

    async def fetch(sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        sent.append(sql)
        return [(number, args) for args, number in several]

    reads = BatchedReads(fetch)
    answers = await asyncio.gather(*(reads(DOWN_FROM, [number]) for number in (1, 2)))
    assert answers == [[(1,)], [(2,)]]
    assert [sql.endswith(" ORDER BY i DESC") and "(SELECT" not in sql for sql in sent] == [True]
