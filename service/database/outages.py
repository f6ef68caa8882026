"""Which errors of a database are no fault of the request: told as 503, and some of them tried again first.

PostgreSQL names each of its errors by five characters, whose first two are the class (its documentation, appendix A).
Every class that it has is in `CLASSES`; `CODES` are those that are unlike the rest of their class.
"""

import asyncio
import functools
import random
import sqlite3
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]

P = ParamSpec("P")
T = TypeVar("T")
PAUSES = (0.05, 0.2)  # seconds, at most, before the second and the third try


class Effect(Enum):
    """Of an error."""

    AGAIN = "the same transaction may succeed at once"
    RECONNECT = "the same transaction may succeed on another connection; this one is of no use any more"
    OUTAGE = "nothing is wrong with the request, but trying again at once does not help"
    FAULT = "an error of the ledger"


CLASSES = {
    "00": Effect.FAULT,  # success
    "01": Effect.FAULT,  # a warning
    "02": Effect.FAULT,  # no data
    "03": Effect.FAULT,  # a statement that is not complete
    "08": Effect.RECONNECT,  # the connection; also what a pooler says of the server behind it
    "09": Effect.FAULT,  # a trigger's action
    "0A": Effect.FAULT,  # not supported
    "0B": Effect.FAULT,  # a transaction's beginning
    "0F": Effect.FAULT,  # a locator
    "0L": Effect.FAULT,  # who grants
    "0P": Effect.OUTAGE,  # a role that is not there
    "0Z": Effect.FAULT,  # diagnostics
    "10": Effect.FAULT,  # XQuery
    "20": Effect.FAULT,  # no such case
    "21": Effect.FAULT,  # more than one row
    "22": Effect.FAULT,  # data
    "23": Effect.FAULT,  # a constraint
    "24": Effect.FAULT,  # a cursor's state
    "25": Effect.FAULT,  # a transaction's state
    "26": Effect.RECONNECT,  # a prepared statement that the server does not have: a pooler, or DEALLOCATE
    "27": Effect.FAULT,  # data that a trigger changes
    "28": Effect.OUTAGE,  # role or password
    "2B": Effect.FAULT,  # privileges that depend on one
    "2D": Effect.FAULT,  # a transaction's end
    "2F": Effect.FAULT,  # a function in SQL
    "34": Effect.FAULT,  # a cursor's name
    "38": Effect.FAULT,  # a function in another language
    "39": Effect.FAULT,  # the call of one
    "3B": Effect.FAULT,  # a savepoint
    "3D": Effect.OUTAGE,  # a database that is not there
    "3F": Effect.OUTAGE,  # a schema that is not there
    "40": Effect.AGAIN,  # serialization failure, deadlock
    "42": Effect.FAULT,  # syntax, or a rule of access
    "44": Effect.FAULT,  # WITH CHECK OPTION
    "53": Effect.OUTAGE,  # resources: disk, memory, connections
    "54": Effect.FAULT,  # a limit of the program
    "55": Effect.OUTAGE,  # an object's state: locked, in use
    "57": Effect.RECONNECT,  # an operator: shut down, starting up, database dropped
    "58": Effect.OUTAGE,  # the system: input and output
    "72": Effect.AGAIN,  # a snapshot that is too old
    "F0": Effect.OUTAGE,  # the server's configuration file
    "HV": Effect.FAULT,  # a foreign data wrapper
    "P0": Effect.FAULT,  # PL/pgSQL
    "XX": Effect.OUTAGE,  # internal: data or an index is corrupted
}
CODES = {
    "25006": Effect.RECONNECT,  # read-only: the server that was the primary
    "25P03": Effect.RECONNECT,  # idle in a transaction for too long
    "25P04": Effect.RECONNECT,  # a transaction that took too long
    "42501": Effect.OUTAGE,  # a right that was taken away
    "42P01": Effect.OUTAGE,  # a table that is not there: not migrated yet
    "42703": Effect.OUTAGE,  # a column that is not there: the same
    "42P05": Effect.RECONNECT,  # a prepared statement of that name is there: a pooler
    "57014": Effect.OUTAGE,  # cancelled, or over its time
}
# Of SQLite's primary result codes (https://www.sqlite.org/rescode.html) those that say that the file cannot be used.
SQLITE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOTADB,
}


class DatabaseOutage(Exception):
    """No connection to the database, or no answer in time."""


class WronglySetUp(DatabaseOutage):
    """The database cannot be used as it is set up; the message says what to change, and holds no secret."""


class FileLost(WronglySetUp):
    """SQLite's file was deleted or replaced. SQLite would go on writing to the old one, and then lose it."""


# What is asked of `is_outage`.
DATABASE_ERRORS: tuple[type[Exception], ...] = (
    DatabaseOutage,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def effect_of(error: BaseException) -> Effect:
    if isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return Effect.AGAIN  # a migration ran meanwhile
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return CODES.get(state) or CLASSES.get(state[:2], Effect.FAULT)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        # The server closed the connection, perhaps between two of its statements; or no server may write, as in a
        # failover.
        return Effect.RECONNECT
    if isinstance(error, sqlite3.Error):
        return Effect.OUTAGE if _is_outage_of_sqlite(error) else Effect.FAULT
    return Effect.OUTAGE if isinstance(error, DatabaseOutage) else Effect.FAULT


def is_outage(error: BaseException) -> bool:
    return effect_of(error) is not Effect.FAULT


def told(error: Exception) -> str:
    """An outage in one sentence, without a secret."""
    if isinstance(error, WronglySetUp):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"The database's file cannot be used: {error}."
    return f"The database {'does not answer' if isinstance(error, DatabaseOutage) else 'cannot be used now'}."


async def tried_again(call: Callable[[], Awaitable[T]]) -> T:
    """For a whole transaction, or for a statement outside of one, that may be run twice."""
    for pause in PAUSES:
        try:
            return await call()
        except DATABASE_ERRORS as error:
            if effect_of(error) not in (Effect.AGAIN, Effect.RECONNECT):
                raise
            # At random, so that two that were in each other's way are not so again.
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - nothing secret
    return await call()


def raises_outage(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For what talks to the database alone: its OSError, as refused, reset or timed out, becomes a DatabaseOutage."""

    @functools.wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except OSError as error:
            unsaid = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
            raise DatabaseOutage(str(error) or unsaid) from error

    return wrapped


def _is_outage_of_sqlite(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    return code & 0xFF in SQLITE or "no such table" in str(error) or "no such column" in str(error)
