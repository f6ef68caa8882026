"""Writes that are pending at one time commit together: one transaction, one fsync, for all of them.

Each caller gets its own result, after the commit. Measured on SQLite with 16 clients: 2,600 -> 6,700 durable writes
a second (an fsync of 0.2 ms), 600 -> 3,000 (1 ms). A batch is as large as what came while the one before was written,
so a single writer waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from .outages import OUTAGES
from .piccolo_conf import current

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 64


class Together(Generic[Item, Result]):
    """`work` does the items inside a transaction that it is given, and returns a result for each, in order."""

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._pending: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """The item's result, once it is durable. A caller who is cancelled may have been served all the same."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._pending.append((item, result))
        if self._writer is None:
            # In a context of its own: the caller's may hold a transaction that ends before this task.
            self._writer = loop.create_task(self._write(), context=Context())
        return await result

    async def _write(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:MOST], self._pending[MOST:]
                await self._commit([each for each in batch if not each[1].done()])
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        if not batch:
            return
        try:
            async with current().transaction():
                results = await self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, OUTAGES):
                for each in batch:  # one of them is to blame
                    await self._commit([each])
                return
            for _, result in batch:
                if not result.done():
                    result.set_exception(error)
        else:
            for (_, result), value in zip(batch, results, strict=True):
                if not result.done():
                    result.set_result(value)
