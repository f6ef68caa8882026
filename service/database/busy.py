"""While another program has the lock of SQLite's file."""

import random
import sqlite3
import time
from collections.abc import Iterator
from itertools import chain, repeat

PAUSES = (0.001, 0.002, 0.005, 0.01)  # seconds, at most; the last one again and again


def is_busy(error: sqlite3.DatabaseError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def executed(connection: sqlite3.Connection, sql: str, seconds: float) -> Iterator[float]:
    """Ends when `sql` is executed. While another program has the lock it yields how long to sleep before it is tried
    again, at random, so as not to keep step with that program. Raises the error after so many seconds."""
    until = time.monotonic() + seconds
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            connection.execute(sql).fetchall()
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
        yield random.uniform(pause / 2, pause)  # noqa: S311 - nothing secret
