"""While another program has the lock of SQLite's file."""

import random
import sqlite3
import time
from collections.abc import Iterator
from itertools import chain, repeat

PAUSES = (0.001, 0.002, 0.005, 0.01)  # seconds, at most; the last one again and again


def is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def pauses(seconds: float) -> Iterator[float]:
    """Between tries, until so many seconds are over; at random, so as not to keep step with another program."""
    until = time.monotonic() + seconds
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        if time.monotonic() > until:
            return
        yield random.uniform(pause / 2, pause)  # noqa: S311 - nothing secret


def has_executed(connection: sqlite3.Connection, sql: str) -> bool:
    """False: another program has the lock."""
    try:
        connection.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        return False
    return True
