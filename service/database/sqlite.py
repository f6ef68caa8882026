"""SQLite as an embedded database for one busy process.

Piccolo opens a connection and a thread for every query. Here one connection reads on the event loop's thread
(a point read takes microseconds; a hop to a thread costs more than the read), and one connection writes.
COMMIT and ROLLBACK wait for the disk, so they run on the writer's own thread; BEGIN and the statements after it touch
memory only and run inline. A third connection, on another thread, reads what takes long, and a fourth makes
checkpoints. This overrides private methods of Piccolo 1.38: the version is pinned and each behaviour has a test in
tests/service/test_transactions.py.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from piccolo.engine.exceptions import TransactionError
from piccolo.engine.sqlite import Atomic, SQLiteEngine, SQLiteTransaction, TransactionType

from .busy import executed
from .long_reads import LongRead, LongReader, LongReads
from .outages import FileLost
from .patience import REQUEST, Patience
from .sqlite_file import open_file
from .transaction import ReleasingTransaction
from .wal_checkpoints import WalCheckpoints

# Piccolo's own converters also read integers stored as text and times without a zone, which the ledger never writes, at
# ten times the cost. SQLite gives integers as such; any converter would make each of them from text.
del sqlite3.converters["INTEGER"]
sqlite3.register_converter("TIMESTAMPTZ", lambda text: datetime.fromisoformat(text.decode()))

T = TypeVar("T")
TURN_SECONDS = 0.01
ROWS = 16  # of one statement, between two looks at the clock: one at each was 6 % of what an event costs


class Writer:
    """The one writing connection; whoever holds `lock` may use it."""

    def __init__(self, busy: float, raw: sqlite3.Connection, other: sqlite3.Connection) -> None:
        self.raw, self._busy = raw, busy
        raw.execute("PRAGMA busy_timeout=0")  # `begin` waits by itself
        self.lock = asyncio.Lock()
        self.wal_checkpoints = WalCheckpoints(other, raw, self.lock)
        self.thread = ThreadPoolExecutor(1, "sqlite-writer")

    async def on_thread(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread, call, *args)

    async def execute(self, sql: str) -> None:
        """COMMIT, for Piccolo."""
        await self.on_thread(self.raw.execute, sql)

    async def begin(self, sql: str) -> None:
        """On the loop: a hop to the thread costs as much as a row. Asks again while another program writes; were SQLite
        to wait, nobody could end that."""
        for pause in executed(self.raw, sql, self._busy):
            await asyncio.sleep(pause)

    async def rollback(self) -> None:
        """Does nothing when no transaction is open. Queued behind whatever still runs on the thread."""
        await self.on_thread(self.raw.rollback)


class WriterTransaction(ReleasingTransaction, SQLiteTransaction):  # type: ignore[misc] # __aexit__ gives None
    __slots__ = ()

    engine: "EmbeddedSQLite"
    connection: Any  # a Writer; None once the transaction is over

    async def get_connection(self) -> Writer:
        writer = self.engine.started.writer
        await writer.lock.acquire()
        return writer

    async def begin(self) -> None:
        self.engine.started.check_files()
        await self.connection.begin(f"BEGIN {self.transaction_type.value}")

    async def rollback(self) -> None:
        await self.connection.rollback()
        self._rolled_back = True

    async def _undo(self) -> None:
        await self.rollback()

    async def _release(self) -> None:
        """Frees the lock when the thread is idle and no transaction is open, also if this task is cancelled
        while COMMIT still runs there."""
        writer, self.connection = self.connection, None
        if self._committed or self._rolled_back:
            writer.lock.release()
            writer.wal_checkpoints.begin_if_due()
            return

        async def finish() -> None:
            try:
                await writer.rollback()
            finally:
                writer.lock.release()

        await asyncio.shield(asyncio.ensure_future(finish()))


class SQLiteConnections:
    """What a started engine holds open."""

    def __init__(self, path: str, transaction: ContextVar[Any], busy: float, **options: Any) -> None:
        self.writer = Writer(busy, *(open_file(path, "journal_mode=WAL", busy, **options) for _ in range(2)))
        self._task, self._since = 0, 0.0
        self.reader = open_file(path, "query_only=1", busy, **options)
        self.long_reader = LongReader(open_file(path, "query_only=1", busy, **options), transaction)
        self.reader.execute("SELECT * FROM sqlite_schema LIMIT 1").fetchall()  # makes the log
        self._files = {file: _identity(file) for file in (path, f"{path}-wal", f"{path}-shm")}

    def runs_long(self) -> bool:
        """Whether this task has run statements for long. They run on the loop's thread: a task of many must let others
        be answered, and its deadline end it."""
        task, now = id(asyncio.current_task()), time.monotonic()
        is_long = task == self._task and now - self._since > TURN_SECONDS
        if is_long or task != self._task:
            self._task, self._since = task, now
        return is_long

    def check_files(self) -> None:
        """Raises FileLost."""
        for file, known in self._files.items():
            if (found := _identity(file)) != known:
                what = "replaced" if found else "deleted"
                raise FileLost(f"{Path(file).name}, a file of the database, was {what}: the ledger must be restarted.")


class EmbeddedSQLite(SQLiteEngine):
    """`start` before the first query, `stop` after the last, both on the loop that runs the queries."""

    __slots__ = ("_connections", "_patience", "_version", "long_reads", "write_queues")

    def __init__(self, path: str, patience: Patience = REQUEST) -> None:
        self.write_queues: dict[Any, Any] = {}  # group_commit's, by function
        self.long_reads = LongReads(self._read_long, abreast=1)
        self._connections: SQLiteConnections | None = None
        self._version: object = None  # of this turn of the event loop
        self._patience = patience
        super().__init__(path, timeout=REQUEST.busy)

    async def check_version(self) -> None:
        """Nothing: no query before `start`."""

    async def prep_database(self) -> None:
        """Nothing: no query before `start`."""

    @property
    def started(self) -> SQLiteConnections:
        if self._connections is None:
            raise RuntimeError("the database engine is not started")
        return self._connections

    async def start(self) -> None:
        options = {key: value for key, value in self.connection_kwargs.items() if key != "database"}
        self._connections = SQLiteConnections(self.path, self.current_transaction, self._patience.busy, **options)

    async def stop(self) -> None:
        connections = self.started
        await connections.long_reader.close()
        await connections.writer.wal_checkpoints.close()
        self._connections = None
        async with connections.writer.lock:
            connections.reader.close()
            await connections.writer.on_thread(connections.writer.raw.close)
            connections.writer.thread.shutdown()

    async def data_version(self) -> object:
        """Another one whenever anything was committed since, here or by another program. Requests of one turn of the
        event loop were all sent before it was asked for."""
        if self._version is None:
            self._version = self.started, self.started.reader.execute("PRAGMA data_version").fetchone()
            asyncio.get_running_loop().call_soon(self._forget_version)
        return self._version

    def _forget_version(self) -> None:
        self._version = None

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, many: bool = False) -> list[tuple[Any, ...]]:
        """Runs one reading statement, or any inside a transaction; gives plain rows. `many`: of how many, nobody
        knows."""
        transaction = self.current_transaction.get()
        connection = _raw(transaction.connection) if transaction else self.started.reader
        if transaction and many:
            found: list[tuple[Any, ...]] = await self.started.writer.on_thread(_all, connection, sql, args)
            return found
        rows = connection.execute(sql, args).fetchall()
        if connection is not self.started.long_reader.raw and self.started.runs_long():
            await asyncio.sleep(0)
        return rows

    async def fetch_each(
        self, sql: str, several: Iterable[Sequence[Any]], *, gives: bool = True
    ) -> list[tuple[Any, ...]]:
        """Runs one statement for each list of values, in the transaction. One that `gives` no rows gets ROWS of them in
        one call: of what a filing takes on the loop, 240 microseconds, it saves 20."""
        transaction = self.current_transaction.get()
        assert transaction is not None  # noqa: S101 - a caller's mistake
        connection, rows, left = _raw(transaction.connection), list[tuple[Any, ...]](), iter(several)
        while some := list(islice(left, ROWS)):
            if gives:
                rows += [row for args in some for row in connection.execute(sql, args).fetchall()]
            else:
                connection.executemany(sql, some)
            if len(some) == ROWS and self.started.runs_long():
                await asyncio.sleep(0)
        return rows

    async def _read_long(self, it: LongRead) -> Any:
        return await self.started.long_reader.run(it)

    async def _run_in_new_connection(
        self, query: str, args: list[Any] | None = None, query_type: str = "generic", table: Any = None
    ) -> list[dict[str, Any]]:
        if query.lstrip()[:6].upper() == "SELECT":
            return _dicts(self.started.reader.execute(query, args or ()))
        async with self.transaction() as transaction:
            return _dicts(_raw(transaction.connection).execute(query, args or ()))

    async def _run_in_existing_connection(
        self,
        connection: Any,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",
        table: Any = None,
    ) -> list[dict[str, Any]]:
        return _dicts(_raw(connection).execute(query, args or ()))

    def transaction(
        self, transaction_type: TransactionType = TransactionType.immediate, allow_nested: bool = True
    ) -> WriterTransaction:
        return WriterTransaction(engine=self, transaction_type=transaction_type, allow_nested=allow_nested)

    def atomic(self, transaction_type: TransactionType = TransactionType.immediate) -> Atomic:
        return Atomic(engine=self, transaction_type=transaction_type)


def _identity(file: str) -> tuple[int, int] | None:
    """Which file has the name; None: none has it."""
    try:
        stat = os.stat(file)
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


def _all(connection: sqlite3.Connection, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
    return connection.execute(sql, args).fetchall()


def _raw(holder: Any) -> sqlite3.Connection:
    if not isinstance(holder, Writer | LongReader):
        raise TransactionError("this task outlived the transaction that it was started in")
    raw: sqlite3.Connection = holder.raw
    return raw


def _dicts(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    rows = cursor.fetchall()
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]
