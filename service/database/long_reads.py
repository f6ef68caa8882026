"""Long reads: answers that are made of thousands of rows, beside those that are made of a few.

What is read for one is read in one go, and computed from off the event loop. As many as the engine allows are made at a
time, the others wait in the order in which they came, and equal ones that wait are made once. None joins what has
begun: that may have read what was there before something that the caller knows was written.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar
from typing import Any, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Rows = TypeVar("Rows")
Answer = TypeVar("Answer")
Read = Callable[[Key], Coroutine[Any, Any, Rows]]
Make = Callable[[Key, Rows], Answer]


class LongRead(NamedTuple):
    """`read` waits for nothing but the database, and `make` computes the answer from what it gave."""

    read: Read[Any, Any]
    make: Make[Any, Any, Any]
    key: Hashable


class WaitingRead:
    """One that has not begun; `askers` wait for it."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task, self.askers = task, 0


class LongReads:
    """`run` makes an answer; `abreast` are made at a time."""

    def __init__(self, run: Callable[[LongRead], Coroutine[Any, Any, Any]], abreast: int) -> None:
        self._run, self._free = run, asyncio.Semaphore(abreast)  # first come, first served
        self._waiting: dict[LongRead, WaitingRead] = {}

    async def __call__(self, read: Read[Key, Rows], make: Make[Key, Rows, Answer], key: Key) -> Answer:
        it = LongRead(read, make, key)
        waiting = self._waiting.get(it)
        if waiting is None:
            # In a context of its own: the caller's may hold a transaction that ends before this task.
            task = asyncio.create_task(self._begin(it), context=Context())
            waiting = self._waiting[it] = WaitingRead(task)
        waiting.askers += 1
        try:
            answer: Answer = await asyncio.shield(waiting.task)
        finally:
            waiting.askers -= 1
            if not waiting.askers:  # the last one is answered, or has left
                waiting.task.cancel()
                if self._waiting.get(it) is waiting:
                    del self._waiting[it]
        return answer

    async def _begin(self, it: LongRead) -> Any:
        async with self._free:
            del self._waiting[it]
            return await self._run(it)


class LongReader:
    """A connection to SQLite that only reads, and its thread. `current` is where the engine looks for the connection of
    a transaction: in the thread it finds this one, in which all is read as it was at one moment."""

    def __init__(self, raw: Any, current: ContextVar[Any]) -> None:
        self.raw, self._current = raw, current
        self._thread = ThreadPoolExecutor(1, "sqlite-long-reader")

    @property
    def connection(self) -> "LongReader":
        return self

    async def run(self, it: LongRead) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, Context().run, self._make, it)

    def _make(self, it: LongRead) -> Any:
        self._current.set(self)
        self.raw.execute("BEGIN")
        try:
            rows = asyncio.run(it.read(it.key))
        finally:
            self.raw.rollback()
        return it.make(it.key, rows)

    async def close(self) -> None:
        """When what it makes is made."""
        await asyncio.to_thread(self._thread.shutdown)
        self.raw.close()
