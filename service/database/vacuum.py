"""Gives the room that rows left in an SQLite file back to the disk."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from .patience import COMMAND

PAGES = 2_000  # of one transaction
INCREMENTAL = 2  # of PRAGMA auto_vacuum
TIMES = 2.2  # its size, for a copy and for the log


def vacuum(database: Path) -> tuple[int, bool]:
    """How many bytes smaller the file is now, and whether it was made anew. That is done where the disk has room for
    it, and the ledger writes nothing meanwhile; else its free pages alone are given back, step by step."""
    os.environ["SQLITE_TMPDIR"] = str(database.absolute().parent)
    with closing(sqlite3.connect(database, COMMAND.busy, isolation_level=None)) as connection:
        before = _size(database)
        [(incremental,)] = connection.execute("PRAGMA auto_vacuum")
        if incremental == INCREMENTAL:
            while connection.execute("PRAGMA freelist_count").fetchone()[0]:
                connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        anew = _room(database) > TIMES * _size(database)
        if anew:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return before - _size(database), anew


def _size(database: Path) -> int:
    return sum(it.stat().st_size for it in (database, Path(f"{database}-wal")) if it.exists())


def _room(database: Path) -> int:
    disk = os.statvfs(database.absolute().parent)
    return disk.f_bavail * disk.f_frsize
