"""What the drivers raise when the database is away, too slow or full: nothing is wrong with the request."""

import sqlite3

import asyncpg  # type: ignore[import-untyped]

OUTAGES: tuple[type[Exception], ...] = (
    OSError,  # refused, reset, timed out, disk full
    sqlite3.OperationalError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.UndefinedTableError,  # not migrated yet
)
