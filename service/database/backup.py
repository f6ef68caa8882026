"""A copy of an SQLite database as of one moment, made while the ledger writes, and its way back.

A copy of the file alone is none: what was written last lies in the file beside it that ends in `-wal`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from .busy import is_busy
from .files import finished


class NotCopied(Exception):
    """What is in the way, and what to do: whole sentences."""


def backup(database: Path, copy: Path) -> int:
    """Makes `copy`, which must not exist, and gives its size in bytes. Raises NotCopied."""
    if not database.is_file():
        raise NotCopied(f"There is no database at {database}. Set DATABASE_URL to the ledger's own.")
    return _copied(database, copy)


def restore(copy: Path, database: Path) -> int:
    """Makes `database`, which must not exist, of a copy, and gives its size in bytes. Raises NotCopied."""
    return _copied(copy, database)


def is_of_a_ledger_file(database: Path) -> bool:
    """Whether a ledger has used it. Raises sqlite3.OperationalError where it cannot be read."""
    if not database.is_file():
        return False
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as reader:
        try:
            tables = {name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # no database at all
            return False
        return {"release", "event", "token"} <= tables


def _copied(source: Path, target: Path) -> int:
    """Whole under its name or not there at all, and on the disk."""
    for it in (target, Path(f"{target}-wal")):
        if it.exists():
            raise NotCopied(f"{it} exists already. Nothing is overwritten: move it away, or give another name.")
    with (
        finished(target) as unfinished,
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reader,
    ):
        _refuse_what_is_no_ledger(reader, source)
        with closing(sqlite3.connect(unfinished)) as writer:
            writer.execute("PRAGMA synchronous=FULL")
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    return target.stat().st_size


def _refuse_what_is_no_ledger(connection: sqlite3.Connection, path: Path) -> None:
    try:
        [(state,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
        connection.execute("SELECT count(*) FROM release, event WHERE false")
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise NotCopied(f"Another program has locked {path}: end it, or begin again later.") from None
        raise NotCopied(f"{path} is no database of a ledger: {error}.") from None
    if state != "ok":
        raise NotCopied(f"{path} is damaged: {state}. Restore an earlier copy.")
