"""One question at a time: its answer is for all who asked before it was sent."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class OneAtATime(Generic[T]):
    """Whoever asks while a question is under way gets the answer to the next, which is sent when that one is answered,
    or the error that it ends with."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._waiting = list[asyncio.Future[T]]()
        self._asking: asyncio.Task[None] | None = None

    def __call__(self) -> asyncio.Future[T]:
        """Raises the error of the question."""
        mine: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._asking is None:
            # In a context of its own: the caller's may hold a transaction that ends before this task.
            self._asking = asyncio.create_task(self._answer(), context=Context())
        return mine

    async def _answer(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                told = await self._ask()
            except Exception as error:
                waiting, self._waiting = waiting + self._waiting, []
                for each in waiting:
                    if not each.done():
                        each.set_exception(error)
            else:
                for each in waiting:
                    if not each.done():
                        each.set_result(told)
        self._asking = None
