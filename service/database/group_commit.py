"""Group commit: the writes that wait at one time commit together, in one transaction with one fsync for all of them.

Measured on SQLite with 16 clients: 2,600 -> 6,700 durable writes a second (an fsync of 0.2 ms), 600 -> 3,000 (1 ms). A
batch is what came while the one before was written, and right after that: of 16 clients 14 at a time instead of 8, by
which an event costs 7 % less. A single writer waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from .outages import is_outage, tried_again
from .piccolo_conf import Engine, current
from .turns import MOST, until_none_joins

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]


async def written(work: Work[Item, Result], item: Item) -> Result:
    """The result of `work` for `item`, once it is durable.

    `work` gets the items that wait for it at one time, runs in a transaction, and returns a result for each, in their
    order. Where it raises, each item is tried alone, and the error is that of its own item. A transaction that the
    database gave up is tried again, though it may have been committed: `work` finds what is written already. A caller
    who is cancelled may have been written all the same.
    """
    engine = current()
    queue: WriteQueue[Item, Result] | None = engine.write_queues.get(work)
    if queue is None:
        queue = engine.write_queues[work] = WriteQueue(engine, work)
    return await queue.add(item)


class WriteQueue(Generic[Item, Result]):
    """What waits to be written by one function to one engine."""

    def __init__(self, engine: Engine, work: Work[Item, Result]) -> None:
        self._engine, self._work = engine, work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    def add(self, item: Item) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, result))
        if self._writer is None:
            # In a context of its own: the caller's may hold a transaction that ends before this task.
            self._writer = loop.create_task(self._write(), context=Context())
        return result

    async def _write(self) -> None:
        try:
            while self._waiting:
                await until_none_joins(self._waiting)
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit([it for it in batch if not it[1].done()])
        finally:
            self._writer = None

    async def _in_transaction(self, items: Sequence[Item]) -> Sequence[Result]:
        async with self._engine.transaction():
            return await self._work(items)

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        if not batch:
            return
        try:
            results = await tried_again(lambda: self._in_transaction([item for item, _ in batch]))
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for it in batch:  # one of them is the cause
                    await self._commit([it])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
