"""Idle connections to PostgreSQL, last in first out, in front of asyncpg's pool.

The pool opens, resets and closes them. To acquire and release one, with a deadline each, costs as much as reading a
release by key (70 of 140 microseconds), so a connection that was left clean stays here instead.
"""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from .outages import raises_outage

RELEASE_SECONDS = 0.5
CLOSE_SECONDS = 1.5
IDLE_SECONDS = 60.0  # a firewall between may drop a connection that is idle for longer


class PostgresConnections:
    """`pool` is asyncpg's, of `size` connections; each is free, or opened, within `seconds`."""

    def __init__(self, pool: Any, size: int, seconds: float) -> None:
        self._pool, self._seconds = pool, seconds
        self._free = asyncio.Semaphore(size)  # first come, first served
        self._idle: list[tuple[float, Any]] = []

    @raises_outage
    async def take(self) -> Any:
        """Raises DatabaseOutage where none is free, or can be opened, in time."""
        if not self._free.locked():
            await self._free.acquire()
            return await self._idle_or_new()
        async with asyncio.timeout(self._seconds):
            await self._free.acquire()
            return await self._idle_or_new()

    @raises_outage
    async def give_back(self, connection: Any, *, clean: bool) -> None:
        """Not `clean`: something may be open or under way. The pool rolls it back, and drops a connection that does
        not answer in time. One that is `useless` is closed."""
        try:
            if not is_gone(connection) and connection.useless:
                connection.terminate()
                await self._pool.release(connection)
            elif clean:
                self._idle.append((asyncio.get_running_loop().time(), connection))
            else:
                await self._pool.release(connection, timeout=RELEASE_SECONDS)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Waits for statements that still run, but not for a server that does not answer."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._idle:
                    await self._pool.release(self._idle.pop()[1])
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _idle_or_new(self) -> Any:
        try:
            while self._idle:
                since, connection = self._idle.pop()
                if not is_gone(connection):
                    if asyncio.get_running_loop().time() - since < IDLE_SECONDS:
                        return connection
                    connection.terminate()
                await self._pool.release(connection)
            return await self._pool.acquire(timeout=self._seconds)
        except BaseException:
            self._free.release()
            raise


def is_gone(connection: Any) -> bool:
    """The server closed it; the pool may have released it for that."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
