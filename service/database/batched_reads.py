"""Batched reads: what is read at one time goes to PostgreSQL in one round trip.

A query costs 70 microseconds of Python however small it is. Those of one turn of the event loop are sent together,
and equal ones once. None joins what is already on its way: that may have been answered before something that the
caller knows was written. Measured, one worker, 16 clients: one release 2,400 -> 2,900 requests a second, the newest 50
1,600 -> 2,300.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

from .outages import is_outage

MOST = 8  # queries of one batch, so that PostgreSQL works on some while others are answered
Args = tuple[Any, ...]
Rows = list[Any]
Fetch = Callable[[str, Sequence[Args]], Awaitable[Rows]]


class BatchedReads:
    """`fetch` runs one statement for each list of values and gives all rows."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._waiting: dict[str, dict[Args, asyncio.Future[Rows]]] = {}
        self._tasks = set[asyncio.Task[None]]()

    async def __call__(self, sql: str, args: Sequence[Any]) -> Rows:
        """The rows of one SELECT, read by position. It has no UNION but within parentheses: see `numbered`."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._send)
        same = self._waiting.setdefault(sql, {})
        key = tuple(args)
        if key not in same:
            same[key] = loop.create_future()
        return await asyncio.shield(same[key])

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for sql, by_args in waiting.items():
            several = [*by_args.items()]
            for start in range(0, len(several), MOST):
                # In a context of its own: the caller's may hold a transaction that ends before this task.
                task = asyncio.create_task(self._answer(sql, several[start : start + MOST]), context=Context())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _answer(self, sql: str, batch: Sequence[tuple[Args, asyncio.Future[Rows]]]) -> None:
        try:
            if len(batch) == 1:
                answers = [await self._fetch(sql, [batch[0][0]])]
            else:
                answers = [[] for _ in batch]
                parameter = len(batch[0][0]) + 1
                keys = [(*args, number) for number, (args, _) in enumerate(batch)]
                for number, *row in await self._fetch(numbered(sql, parameter), keys):
                    answers[number].append(tuple(row))
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for each in batch:  # one of them is the cause
                    await self._answer(sql, [each])
                return
            for _, future in batch:
                future.set_exception(error)
        else:
            for (_, future), rows in zip(batch, answers, strict=True):
                future.set_result(rows)


def numbered(sql: str, parameter: int) -> str:
    """The same SELECT with the value of `parameter` before its columns: so its own ORDER BY decides the order of the
    rows, which SQL does not promise of a subquery."""
    return f"SELECT ${parameter}::int, {sql.removeprefix('SELECT ')}"
