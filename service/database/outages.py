"""The errors of a database that cannot be reached, is too slow or is full: nothing is wrong with the request."""

import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseOutage(Exception):
    """No connection to the database, or no answer in time."""


class FileLost(DatabaseOutage):
    """SQLite's file was deleted or replaced; the message says which, in one sentence. SQLite would go on writing to the
    old one, and all of it would be lost with the process."""


OUTAGES: tuple[type[Exception], ...] = (
    DatabaseOutage,
    sqlite3.OperationalError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.UndefinedTableError,  # not migrated yet
)


def raises_outage(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For what talks to the database alone: its OSError, as refused, reset or timed out, becomes a DatabaseOutage."""

    @functools.wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except OSError as error:
            raise DatabaseOutage(str(error) or type(error).__name__) from error

    return wrapped
