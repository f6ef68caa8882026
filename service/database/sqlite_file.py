"""How the file of SQLite is opened."""

import sqlite3
import time
from typing import Any

from .busy import executed

# Room can be given back to a full disk, on which VACUUM needs some. Said again of a file, it would need the lock.
OF_A_NEW_FILE = ("auto_vacuum=INCREMENTAL",)
PRAGMAS = (
    "foreign_keys=1",
    "synchronous=FULL",
    "cache_size=-16000",
    "temp_store=MEMORY",
    "mmap_size=268435456",
    "wal_autocheckpoint=10000",  # pages, 40 MB: half as much is written as by default where rows lie all over an index
)


def open_file(path: str, last: str, seconds: float, **options: Any) -> sqlite3.Connection:
    """A connection with the ledger's settings and, at last, this one. Waits for so many seconds while another program
    changes the file's journal, as after a restore: SQLite itself refuses at once."""
    connection: sqlite3.Connection = sqlite3.connect(path, check_same_thread=False, cached_statements=256, **options)
    is_new = connection.execute("PRAGMA page_count").fetchone() == (0,)
    for pragma in (*OF_A_NEW_FILE * is_new, *PRAGMAS, last):
        for pause in executed(connection, f"PRAGMA {pragma}", seconds):
            time.sleep(pause)
    return connection
