"""PostgreSQL with deadlines: no request hangs because a server does not answer.

This overrides private methods of Piccolo 1.38: the version is pinned and each behaviour has a test in
tests/service/test_transactions.py.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from .batched_reads import BatchedReads
from .outages import raises_outage
from .postgres_connections import CONNECT_SECONDS, PostgresConnections
from .transaction import ReleasingTransaction

STATEMENT_SECONDS = 2.0  # with the others of postgres_connections.py less than the time that a request has
POOL_SIZE = 10


class PostgresConnection(asyncpg.Connection):  # type: ignore[misc]
    """No statement of the ledger changes the session, so giving a connection back needs no round trip."""

    def get_reset_query(self) -> str:
        return ""

    execute = raises_outage(asyncpg.Connection.execute)  # also BEGIN, COMMIT and ROLLBACK
    fetch = raises_outage(asyncpg.Connection.fetch)
    fetchmany = raises_outage(asyncpg.Connection.fetchmany)


class PooledTransaction(ReleasingTransaction, PostgresTransaction):  # type: ignore[misc] # __aexit__ gives None
    __slots__ = ("_taken",)

    engine: "PooledPostgres"

    @property
    def connection(self) -> Any:
        if self._taken is None:
            raise TransactionError("this task outlived the transaction that it was started in")
        return self._taken

    @connection.setter
    def connection(self, taken: Any) -> None:
        self._taken = taken

    async def get_connection(self) -> Any:
        return await self.engine.started.take()

    async def begin(self) -> None:
        self.transaction = self.connection.transaction()
        await self.transaction.start()

    async def _release(self) -> None:
        taken, self.connection = self.connection, None
        await self.engine.started.give_back(taken, clean=self._committed or self._rolled_back)


class PooledPostgres(PostgresEngine):
    """`start` before the first query, `stop` after the last.

    `statement_seconds` None: a statement may take any time, as migrations do.
    """

    __slots__ = ("_connections", "_reads", "write_queues")

    def __init__(self, url: str, statement_seconds: float | None = STATEMENT_SECONDS) -> None:
        self.write_queues: dict[Any, Any] = {}  # group_commit's, by function
        self._connections: PostgresConnections | None = None
        self._reads = BatchedReads(self._ask)
        super().__init__({"dsn": url, "timeout": CONNECT_SECONDS, "command_timeout": statement_seconds})

    async def check_version(self) -> None:
        """Nothing: no query before `start`."""

    async def prep_database(self) -> None:
        """Nothing: no query before `start`."""

    @property
    def started(self) -> PostgresConnections:
        if self._connections is None:
            raise RuntimeError("the database engine is not started")
        return self._connections

    async def start(self) -> None:
        """Opens no connection yet: the ledger starts, and is not ready, while the server is away."""
        await self.start_connection_pool(min_size=0, max_size=POOL_SIZE, connection_class=PostgresConnection)
        self._connections = PostgresConnections(self.pool, POOL_SIZE)

    async def stop(self) -> None:
        connections, self._connections, self.pool = self.started, None, None
        await connections.close()

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """Runs one statement that reads, or any inside a transaction; gives rows that are read by position."""
        transaction = self.current_transaction.get()
        if transaction is None:
            return await self._reads(sql, args)
        rows: list[Any] = await transaction.connection.fetch(sql, *args)
        return rows

    async def fetch_each(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        """Runs one statement for each list of values, in the transaction, in one round trip."""
        transaction = self.current_transaction.get()
        assert transaction is not None  # noqa: S101 - a caller's mistake
        rows: list[Any] = await transaction.connection.fetchmany(sql, several)
        return rows

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[Any]:
        return await self._ask(query, [args or ()])

    async def _ask(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        connection, answered = await self.started.take(), False
        try:
            rows: list[Any] = (
                await connection.fetch(sql, *several[0])
                if len(several) == 1
                else await connection.fetchmany(sql, several)
            )
            answered = True
        finally:
            await self.started.give_back(connection, clean=answered)
        return rows

    def transaction(self, allow_nested: bool = True) -> PooledTransaction:
        return PooledTransaction(engine=self, allow_nested=allow_nested)
