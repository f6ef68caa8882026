"""PostgreSQL with deadlines: a silent server must become an answer, never a request that hangs.

This overrides private methods of Piccolo 1.38: the version is pinned and each behaviour has a test in
tests/service/test_engines.py.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from .transaction import ReleasingTransaction

# Together less than the time that a request has (limits.py), so that each ends by itself and leaves nothing behind.
CONNECT_SECONDS = 1.5
STATEMENT_SECONDS = 2.0
RELEASE_SECONDS = 0.5
POOL_SIZE = 10


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """No statement of the ledger changes the session, so giving a connection back needs no round trip."""

    def get_reset_query(self) -> str:
        return ""


class Transaction(ReleasingTransaction, PostgresTransaction):  # type: ignore[misc] # __aexit__ gives None
    __slots__ = ()

    engine: "PooledPostgres"

    async def get_connection(self) -> Any:
        return await self.engine.started.acquire(timeout=CONNECT_SECONDS)

    async def begin(self) -> None:
        self.transaction = self.connection.transaction()
        await self.transaction.start()

    async def _release(self) -> None:
        """The pool rolls back what is open, and drops a connection that does not answer in time."""
        await self.engine.started.release(self.connection, timeout=RELEASE_SECONDS)


class PooledPostgres(PostgresEngine):
    """`start` before the first query, `stop` after the last.

    `statement_seconds` None waits for ever, for migrations.
    """

    __slots__ = ("_statement_seconds",)

    def __init__(self, url: str, statement_seconds: float | None = STATEMENT_SECONDS) -> None:
        self._statement_seconds = statement_seconds
        super().__init__({"dsn": url, "timeout": CONNECT_SECONDS, "command_timeout": statement_seconds})

    async def check_version(self) -> None:
        """Nothing: no query before `start`."""

    async def prep_database(self) -> None:
        """Nothing: no query before `start`."""

    @property
    def started(self) -> Any:
        if self.pool is None:
            raise RuntimeError("the database engine is not started")
        return self.pool

    async def start(self) -> None:
        """Opens no connection yet: the ledger starts, and is not ready, while the server is away."""
        await self.start_connection_pool(min_size=0, max_size=POOL_SIZE, connection_class=Connection)

    async def stop(self) -> None:
        """Waits for what still runs, but not for a server that says nothing."""
        pool, self.pool = self.started, None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """Runs one statement, in the transaction if there is one; gives rows that are read by position."""
        transaction = self.current_transaction.get()
        if transaction is None:
            return await self._run_in_pool(sql, args)
        rows: list[Any] = await transaction.connection.fetch(sql, *args)
        return rows

    async def fetch_each(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        """Runs one statement for each list of values, in the transaction, on one way there and back."""
        transaction = self.current_transaction.get()
        assert transaction is not None  # noqa: S101 - a caller's mistake
        rows: list[Any] = await transaction.connection.fetchmany(sql, several)
        return rows

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[Any]:
        connection = await self.started.acquire(timeout=CONNECT_SECONDS)
        try:
            rows: list[Any] = await connection.fetch(query, *(args or ()))
        finally:
            await self.started.release(connection, timeout=RELEASE_SECONDS)
        return rows

    def transaction(self, allow_nested: bool = True) -> Transaction:
        return Transaction(engine=self, allow_nested=allow_nested)
