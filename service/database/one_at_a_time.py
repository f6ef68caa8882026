"""One question at a time: its answer is for all who asked before it was sent.

The next one waits for those who were just answered. Measured with 16 clients, a release on PostgreSQL that is kept
ready: 0.85 -> 0.96 of the requests that a plain Litestar handler answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from .turns import until_none_joins

T = TypeVar("T")
SLOW_SECONDS = 0.1


class OneAtATime(Generic[T]):
    """Whoever asks while a question is under way gets the answer to the next, which is sent when that one is over, or
    slow."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._waiting = list[asyncio.Future[T]]()
        self._questions = set[asyncio.Task[None]]()
        self._sending: asyncio.Task[None] | None = None

    def __call__(self) -> asyncio.Future[T]:
        """Raises the error of the question."""
        mine: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._sending is None:
            # In a context of its own: the caller's may hold a transaction that ends before this task.
            self._sending = asyncio.create_task(self._send(), context=Context())
        return mine

    async def _send(self) -> None:
        try:
            while self._waiting:
                await until_none_joins(self._waiting)
                waiting, self._waiting = self._waiting, []
                question = asyncio.create_task(self._answer(waiting))
                self._questions.add(question)
                question.add_done_callback(self._questions.discard)
                await asyncio.wait([question], timeout=SLOW_SECONDS)
        finally:
            self._sending = None

    async def _answer(self, waiting: Sequence[asyncio.Future[T]]) -> None:
        try:
            told = await self._ask()
        except Exception as error:
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
        else:
            for each in waiting:
                if not each.done():
                    each.set_result(told)
