"""One question at a time: nobody gets an answer to what was asked before."""

import asyncio

import pytest

from service.database.one_at_a_time import OneAtATime

pytestmark = pytest.mark.anyio


class Questions:
    """Each is answered with its number, when it may be, but for the one that `fails`."""

    def __init__(self) -> None:
        self.asked, self.fails = 0, -1
        self.first, self.second, self.may_answer = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ask(self) -> int:
        number, self.asked = self.asked, self.asked + 1
        (self.second if number else self.first).set()
        await self.may_answer.wait()
        if number == self.fails:
            raise TimeoutError
        return number


async def test_who_comes_while_one_is_under_way_gets_the_next() -> None:
    questions = Questions()
    one = OneAtATime(questions.ask)
    first = [one(), one()]
    await questions.first.wait()
    later, leaving = [one(), one()], one()
    leaving.cancel()
    questions.may_answer.set()
    assert await asyncio.gather(*first, *later) == [0, 0, 1, 1]
    assert await one() == 2


async def test_one_that_is_slow_and_fails_keeps_nobody_who_asks_later() -> None:
    questions = Questions()
    one = OneAtATime(questions.ask)
    slow = one()
    await questions.first.wait()
    later = one()
    await asyncio.wait_for(questions.second.wait(), 5)
    assert not slow.done()
    questions.fails = 0
    questions.may_answer.set()
    with pytest.raises(TimeoutError):
        await slow
    assert await later == 1


async def test_who_asks_turn_after_turn_is_answered_by_one() -> None:
    questions = Questions()
    questions.may_answer.set()
    one, several = OneAtATime(questions.ask), list[asyncio.Future[int]]()
    for _ in range(16):
        several.append(one())
        await asyncio.sleep(0)
    assert await asyncio.gather(*several) == [0] * 16
