"""PostgreSQL with deadlines: no request hangs because a server does not answer.

This overrides private methods of Piccolo 1.38: the version is pinned and each behaviour has a test in
tests/service/test_transactions.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps
from itertools import islice
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from .batched_reads import BatchedReads
from .long_reads import LongRead, LongReads
from .one_at_a_time import OneAtATime
from .outages import Effect, WronglySetUp, effect_of, raises_outage, tried_again
from .patience import REQUEST, Patience
from .postgres_connections import RELEASE_SECONDS, PostgresConnections, is_gone
from .postgres_hosts import PostgresHosts
from .transaction import ReleasingTransaction
from .url import Pooler

POOL_SIZE = 10
DATA_VERSION = "SELECT pg_current_snapshot()::text, pg_postmaster_start_time()"
LONG_READS = 3  # at a time: each holds a connection now and then
TOGETHER = 1000  # statements, in less than a request's deadline for one


def marks_useless(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """After an error that another connection may not have, this one is not used again."""

    @wraps(call)
    async def wrapped(self: "PostgresConnection", *args: Any, **kwargs: Any) -> Any:
        try:
            return await call(self, *args, **kwargs)
        except Exception as error:
            self.useless = self.useless or effect_of(error) in (Effect.RECONNECT, Effect.OUTAGE)
            raise

    return wrapped


class PostgresConnection(asyncpg.Connection):  # type: ignore[misc]
    """No statement of the ledger changes the session, so giving a connection back needs no round trip."""

    useless = False

    def get_reset_query(self) -> str:
        return ""

    execute = marks_useless(raises_outage(asyncpg.Connection.execute))  # also BEGIN, COMMIT and ROLLBACK
    fetch = marks_useless(raises_outage(asyncpg.Connection.fetch))
    fetchmany = marks_useless(raises_outage(asyncpg.Connection.fetchmany))


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

    async def _undo(self) -> None:
        connection = self.connection
        if is_gone(connection) or connection.useless:  # the pool closes it
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.rollback()  # type: ignore[no-untyped-call]
        except TimeoutError:
            connection.terminate()

    async def _release(self) -> None:
        taken, self.connection = self.connection, None
        await self.engine.started.give_back(taken, clean=self._committed or self._rolled_back)


class PooledPostgres(PostgresEngine):
    """`start` before the first query, `stop` after the last.

    Of several hosts in the URL the one that may write is used, unless the URL has `target_session_attrs`.
    """

    __slots__ = ("_connections", "_hosts", "_patience", "_pooler", "_reads", "_version", "long_reads", "write_queues")

    def __init__(self, url: str, patience: Patience = REQUEST, pooler: Pooler = "none") -> None:
        self.write_queues: dict[Any, Any] = {}  # group_commit's, by function
        self._connections: PostgresConnections | None = None
        self._reads = BatchedReads(self._ask)
        self._version = OneAtATime(lambda: self._ask(DATA_VERSION, [()]))
        self.long_reads = LongReads(self._read_long, LONG_READS)
        self._patience, self._pooler = patience, pooler
        self._hosts = PostgresHosts(url, patience.connect)
        options: dict[str, Any] = {"dsn": url, "timeout": patience.connect, "command_timeout": patience.statement}
        if self._hosts.are_several and "target_session_attrs=" not in url:
            options["target_session_attrs"] = "read-write"
        if pooler == "transaction":
            options["statement_cache_size"] = 0  # the next statement may go to another server
        super().__init__(options)

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
        await self.start_connection_pool(
            min_size=0,
            max_size=POOL_SIZE,
            connection_class=PostgresConnection,
            connect=self._hosts.connect,
            init=self._check_server,
        )
        self._connections = PostgresConnections(self.pool, POOL_SIZE, self._patience.connect)

    async def stop(self) -> None:
        connections, self._connections, self.pool = self.started, None, None
        await connections.close()

    async def data_version(self) -> object:
        """As of EmbeddedSQLite. A snapshot names the transactions that had not ended: of two equal ones everybody sees
        the same. After a failover another server counts them.
        https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT"""
        return self.started, await self._version()

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, many: bool = False) -> list[Any]:
        """Runs one statement that reads, or any inside a transaction; gives rows that are read by position. `many`: as
        of EmbeddedSQLite."""
        transaction = self.current_transaction.get()
        if transaction is None:
            return await self._reads(sql, args)
        rows: list[Any] = await transaction.connection.fetch(sql, *args)
        return rows

    async def fetch_each(self, sql: str, several: Iterable[Sequence[Any]], *, gives: bool = True) -> list[Any]:
        """As of EmbeddedSQLite, TOGETHER of them in one round trip."""
        transaction = self.current_transaction.get()
        assert transaction is not None  # noqa: S101 - a caller's mistake
        rows, left = list[Any](), iter(several)
        while some := list(islice(left, TOGETHER)):
            rows += await transaction.connection.fetchmany(sql, some)
        return rows

    async def _check_server(self, connection: Any) -> None:
        try:
            refuse_encoding(connection)
            if self._pooler == "none":
                await refuse_pooler(connection)
        except BaseException:
            connection.terminate()  # asyncpg would wait for a server that does not answer
            raise

    async def _read_long(self, it: LongRead) -> Any:
        return await asyncio.to_thread(it.make, it.key, await it.read(it.key))

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[Any]:
        return await self._ask(query, [args or ()])

    async def _ask(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
        return await tried_again(lambda: self._ask_once(sql, several))

    async def _ask_once(self, sql: str, several: Sequence[Sequence[Any]]) -> list[Any]:
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


async def refuse_pooler(connection: Any) -> None:
    """Raises WronglySetUp where the process that answers is not the one that was connected to.

    A pooler that gives each transaction another server mixes up the statements that a client prepared; answers are
    then those of other statements.
    """
    # Without parameters: such a statement is not prepared.
    if await connection.execute(f"SELECT 1 WHERE pg_backend_pid() = {connection.get_server_pid()}") != "SELECT 1":
        raise WronglySetUp(
            "A pooler (such as PgBouncer) stands between the ledger and PostgreSQL. Set DATABASE_POOLER to "
            "`transaction` or `session`, as the pooler's mode is."
        )


def refuse_encoding(connection: Any) -> None:
    """Raises WronglySetUp where the database has no room for every character: what has one would be an error. SQL_ASCII
    keeps bytes as they are."""
    encoding = getattr(connection.get_settings(), "server_encoding", None)
    if encoding not in (None, "UTF8", "SQL_ASCII"):
        raise WronglySetUp(
            f"The database's encoding is {encoding}, which has not every character that Flux may send. Create it with "
            "`ENCODING 'UTF8' TEMPLATE template0`."
        )
