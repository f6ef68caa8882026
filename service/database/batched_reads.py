"""Reads that are asked for at one time go to PostgreSQL on one way there and back.

A question costs 70 microseconds of Python however small it is. Those of one turn of the event loop are sent together,
and the same question is asked once. None joins what is already on its way: it may have been answered before something
that the asker knows was written. Measured, one worker, 16 clients: one release 2,400 -> 2,900 requests a second, the
newest 50 1,600 -> 2,300.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

from .outages import OUTAGES

MOST = 8  # so that PostgreSQL looks for some while others are answered
Args = tuple[Any, ...]
Rows = list[Any]
Ask = Callable[[str, Sequence[Args]], Awaitable[Rows]]


class BatchedReads:
    """`ask` runs one statement for each list of values and gives all rows."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._pending: dict[str, dict[Args, asyncio.Future[Rows]]] = {}
        self._asking = set[asyncio.Task[None]]()

    async def __call__(self, sql: str, args: Sequence[Any]) -> Rows:
        """The rows of one SELECT, read by position."""
        loop = asyncio.get_running_loop()
        if not self._pending:
            loop.call_soon(self._send)
        same = self._pending.setdefault(sql, {})
        key = tuple(args)
        if key not in same:
            same[key] = loop.create_future()
        return await asyncio.shield(same[key])

    def _send(self) -> None:
        pending, self._pending = self._pending, {}
        for sql, waiting in pending.items():
            several = [*waiting.items()]
            for start in range(0, len(several), MOST):
                # In a context of its own: the asker's may hold a transaction that ends before this task.
                task = asyncio.create_task(self._answer(sql, several[start : start + MOST]), context=Context())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _answer(self, sql: str, waiting: Sequence[tuple[Args, asyncio.Future[Rows]]]) -> None:
        try:
            if len(waiting) == 1:
                answers = [await self._ask(sql, [waiting[0][0]])]
            else:
                answers = [[] for _ in waiting]
                numbered = f"SELECT q.*, ${len(waiting[0][0]) + 1}::int FROM ({sql}) q"  # noqa: S608 - ours
                for row in await self._ask(numbered, [(*args, number) for number, (args, _) in enumerate(waiting)]):
                    answers[row[-1]].append(row[:-1])
        except Exception as error:
            if len(waiting) > 1 and not isinstance(error, OUTAGES):
                for each in waiting:  # one of them is to blame
                    await self._answer(sql, [each])
                return
            for _, future in waiting:
                future.set_exception(error)
        else:
            for (_, future), rows in zip(waiting, answers, strict=True):
                future.set_result(rows)
