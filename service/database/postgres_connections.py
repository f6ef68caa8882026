"""Connections to PostgreSQL that rest between two uses, last in first out.

asyncpg's pool opens, resets and closes them. Taking one from it and giving it back, with a deadline each, costs as
much as reading a release by key (70 of 140 microseconds), so one that was left clean rests here instead.
"""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from .outages import raises_outage

# Together less than the time that a request has (http/limits.py), so that each ends by itself.
CONNECT_SECONDS = 1.5
RELEASE_SECONDS = 0.5
REST_SECONDS = 60.0  # a firewall or NAT between may drop a connection that is idle for longer


class PostgresConnections:
    """`pool` is asyncpg's, of `size` connections."""

    def __init__(self, pool: Any, size: int) -> None:
        self._pool = pool
        self._free = asyncio.Semaphore(size)  # who came first is served first
        self._resting: list[tuple[float, Any]] = []

    @raises_outage
    async def take(self) -> Any:
        """Raises DatabaseOutage where none is free, or can be opened, in time."""
        if not self._free.locked():
            await self._free.acquire()
            return await self._rested_or_new()
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._free.acquire()
            return await self._rested_or_new()

    @raises_outage
    async def give_back(self, connection: Any, *, clean: bool) -> None:
        """Not `clean`: something may be open or under way. The pool rolls it back, and drops a connection that does
        not answer in time."""
        try:
            if clean:
                self._resting.append((asyncio.get_running_loop().time(), connection))
            else:
                await self._pool.release(connection, timeout=RELEASE_SECONDS)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Waits for queries that still run, but not for a server that does not answer."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while self._resting:
                    await self._pool.release(self._resting.pop()[1])
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _rested_or_new(self) -> Any:
        try:
            while self._resting:
                since, connection = self._resting.pop()
                if not _is_gone(connection):
                    if asyncio.get_running_loop().time() - since < REST_SECONDS:
                        return connection
                    connection.terminate()
                await self._pool.release(connection)
            return await self._pool.acquire(timeout=CONNECT_SECONDS)
        except BaseException:
            self._free.release()
            raise


def _is_gone(connection: Any) -> bool:
    """Closed by the server; the pool may have taken it back for that."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
