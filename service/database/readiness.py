"""Whether the database would keep what the ledger acknowledges: asked of the database itself, by writing."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from .outages import FileLost, told
from .piccolo_conf import Engine
from .postgres import PooledPostgres
from .sqlite import EmbeddedSQLite

ROOM = 8 * 1024 * 1024  # bytes: the largest event, once in SQLite's log and once in its file
REMEMBERED_SECONDS = 1.0  # anybody may ask
NEWEST = "SELECT coalesce(max(id), 0) FROM event UNION ALL SELECT coalesce(max(id), 0) FROM release"
WRITABLE = (
    "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool,"
    " has_table_privilege('event', 'INSERT') AND has_table_privilege('release', 'INSERT')"
)

LOCK = "LOCK TABLE event, release IN ROW EXCLUSIVE MODE"  # as an INSERT takes it
WRITE = "SELECT pg_logical_emit_message(true, 'waybill', '')"  # to the log alone; the commit waits as that of an event


class Asked(NamedTuple):
    """An engine, when it was asked, what hindered it, and the newest ids that it then had."""

    engine: Engine
    at: float
    hindrance: str | None
    newest: list[int]


_last: Asked | None = None


async def hindrance(engine: Engine) -> str | None:
    """Why nothing would be kept, in one sentence; None: it would. Raises one of OUTAGES where the database cannot be
    asked."""
    global _last  # noqa: PLW0603 - one process serves one database
    last = _last if _last and _last.engine is engine else Asked(engine, 0.0, None, [0, 0])
    if time.monotonic() - last.at > REMEMBERED_SECONDS:
        if isinstance(engine, EmbeddedSQLite):
            last = await _of_sqlite(engine, last)
        else:
            last = last._replace(at=time.monotonic(), hindrance=await _of_postgres(engine))
        _last = last
    return last.hindrance


async def _of_sqlite(engine: EmbeddedSQLite, last: Asked) -> Asked:
    hindered, newest = None, last.newest
    try:
        engine.started.check_files()
        newest, hindered = await asyncio.to_thread(_wrong_with_file, engine.path, last.newest)
        if hindered is None:
            async with engine.transaction():
                await engine.fetch("PRAGMA user_version=1")  # the ledger has no other use for it
    except FileLost as error:
        hindered = str(error)
    except sqlite3.DatabaseError as error:
        hindered = told(error)
    return Asked(engine, time.monotonic(), hindered, newest)


def _wrong_with_file(name: str, known: list[int]) -> tuple[list[int], str | None]:
    """The newest ids in the file, and what is wrong with it; `known`: ids that it had before. SQLite itself does not
    notice when another program writes over its file."""
    path = Path(name).absolute()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as other:
        found = [id for (id,) in other.execute(NEWEST)]
    if any(now < before for now, before in zip(found, known, strict=True)):
        return known, "The database's file was overwritten: the newest of what it had is gone."
    disk = os.statvfs(path.parent)
    room = disk.f_bavail * disk.f_frsize
    return found, f"The disk has less than {ROOM // 1024**2} MiB left." if room < ROOM else None


async def _of_postgres(engine: PooledPostgres) -> str | None:
    async with engine.transaction():
        [(is_open, may_insert)] = await engine.fetch(WRITABLE)
        if is_open and may_insert:
            await engine.fetch(LOCK)
            await engine.fetch(WRITE)
    if not is_open:
        return "PostgreSQL is read-only."
    return None if may_insert else "The database's user may not write to the ledger's tables."
