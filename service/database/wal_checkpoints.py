"""SQLite's checkpoints, beside the writes: a thread with a connection of its own writes what is in the write-ahead log
to the file.

SQLite itself does it within the commit that makes the log long: every 400 filings, 10,000 pages were written before any
of those who waited was answered. That remains the bound, for rows that are larger than usual.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from math import inf

ROWS = 1_500  # that are written between two: of filings and events some 5,000 pages
ROUNDS = 2  # while others write, each with less to do; one more while nobody does, after which the log begins anew


class WalCheckpoints:
    """`own`: a connection that nothing else uses; whoever writes with `writer` holds `lock`."""

    def __init__(self, own: sqlite3.Connection, writer: sqlite3.Connection, lock: asyncio.Lock) -> None:
        self._own, self._writer, self._lock = own, writer, lock
        self._thread = ThreadPoolExecutor(1, "sqlite-checkpoints")
        self._due: float = ROWS  # by what the writer has changed
        self._task: asyncio.Task[None] | None = None

    def begin_if_due(self) -> None:
        if self._task is None and self._writer.total_changes > self._due:
            # In a context of its own: the caller's holds a transaction that ends before this task.
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def close(self) -> None:
        """None begins any more. Returns when the last has ended."""
        while self._task is not None:
            await asyncio.wait([self._task])
        self._due = inf
        await asyncio.get_running_loop().run_in_executor(self._thread, self._own.close)
        self._thread.shutdown()

    async def _run(self) -> None:
        try:
            for _ in range(ROUNDS):
                await self._checkpoint()
            async with self._lock:
                await self._checkpoint()
        finally:
            self._due, self._task = self._writer.total_changes + ROWS, None

    async def _checkpoint(self) -> None:
        with suppress(sqlite3.Error):  # whoever writes is told what is wrong with the disk
            await asyncio.get_running_loop().run_in_executor(self._thread, _checkpoint, self._own)


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
