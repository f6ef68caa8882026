"""Gives the room that rows left in an SQLite file back to the disk."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

PAGES = 2_000  # of one transaction
INCREMENTAL = 2  # of PRAGMA auto_vacuum
BUSY_SECONDS = 3.0  # until another program has written
CHECKPOINT_SECONDS = 0.5  # until another program has read: nothing can be written meanwhile
TIMES = 2.2  # its size, for a copy and for the log


class Vacuumed(NamedTuple):
    """`freed`: how many bytes smaller the file is, with its log. `is_anew`: it was made anew. `is_read`: the log could
    not be emptied, since another program reads."""

    freed: int
    is_anew: bool
    is_read: bool


def vacuum(database: Path) -> Vacuumed:
    """Makes the file anew where the disk has room for it, and the ledger writes nothing meanwhile; else its free pages
    alone are given back, step by step."""
    os.environ["SQLITE_TMPDIR"] = str(database.absolute().parent)
    with closing(sqlite3.connect(database, BUSY_SECONDS, isolation_level=None)) as connection:
        before = _size(database)
        [(incremental,)] = connection.execute("PRAGMA auto_vacuum")
        if incremental == INCREMENTAL:
            while connection.execute("PRAGMA freelist_count").fetchone()[0]:
                connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        is_read = _is_read(connection)
        anew = _room(database) > TIMES * _size(database)
        if anew:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
            is_read = _is_read(connection)
    return Vacuumed(before - _size(database), anew, is_read)


def _is_read(connection: sqlite3.Connection) -> bool:
    """Empties the log, unless another program reads for longer than CHECKPOINT_SECONDS."""
    connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_SECONDS * 1000:.0f}")
    [(is_busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    return bool(is_busy)


def _size(database: Path) -> int:
    return sum(it.stat().st_size for it in (database, Path(f"{database}-wal")) if it.exists())


def _room(database: Path) -> int:
    disk = os.statvfs(database.absolute().parent)
    return disk.f_bavail * disk.f_frsize
