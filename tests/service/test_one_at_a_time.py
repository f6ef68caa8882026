"""One question at a time: nobody gets an answer to what was asked before."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from service.database.one_at_a_time import OneAtATime

pytestmark = pytest.mark.anyio


class Questions:
    """Each is answered with its number, when it may be."""

    def __init__(self) -> None:
        self.numbers: Iterator[int] = count()
        self.may_answer = asyncio.Event()
        self.fails = False

    async def ask(self) -> int:
        number = next(self.numbers)
        await self.may_answer.wait()
        if self.fails:
            raise TimeoutError(number)
        return number


async def test_who_comes_while_one_is_under_way_gets_the_next() -> None:
    questions = Questions()
    one = OneAtATime(questions.ask)
    first = [one(), one()]
    await asyncio.sleep(0)
    later, leaving = [one(), one()], one()
    leaving.cancel()
    questions.may_answer.set()
    assert await asyncio.gather(*first, *later) == [0, 0, 1, 1]
    assert await one() == 2


async def test_where_it_fails_nobody_waits_for_another_one_to_fail() -> None:
    questions = Questions()
    questions.fails = True
    one = OneAtATime(questions.ask)
    first = one()
    await asyncio.sleep(0)
    later = one()
    questions.may_answer.set()
    told = await asyncio.gather(first, later, return_exceptions=True)
    assert [it.args for it in told if isinstance(it, TimeoutError)] == [(0,), (0,)]
    questions.fails = False
    assert await one() == 1
