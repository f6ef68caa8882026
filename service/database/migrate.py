"""Applies pending migrations, once, however many processes run this at one time.

Piccolo has no lock of its own and records a migration outside its transaction. Here one transaction holds the
lock, all pending migrations and their rows: either all of them happened, or none.
"""

import contextlib
import functools
import io

from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from .piccolo_app import APP_CONFIG, NAME
from .piccolo_conf import Engine

LOCK = 7_274_927_455  # "waybill": any number that nothing else on the server uses
LOCK_SECONDS = 3


async def migrate(engine: Engine) -> list[str]:
    """Returns the ids that this call applied; one that waited for another process finds none left."""
    async with engine.transaction():
        if engine.engine_type == "postgres":
            await engine.fetch("SELECT pg_advisory_xact_lock($1)", [LOCK])
            # Where a running ledger holds a table, we give up early: all its requests would wait behind our lock.
            await engine.fetch(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        todo = await pending()
        if todo:
            with contextlib.redirect_stdout(io.StringIO()):
                result = await run_forwards(NAME)
            if not result.success:
                raise RuntimeError(f"migrations failed: {result.message}")
    return todo


async def pending() -> list[str]:
    """The ids that this code knows and the database has not; migrations of newer versions do no harm."""
    done = await _done()
    return [name for name in known() if name not in done]


async def is_migrated() -> bool:
    """Whether this, an older or a newer version ever migrated it."""
    return bool(await _done())


async def _done() -> list[str]:
    return await Migration.get_migrations_which_ran(NAME) if await Migration.table_exists() else []


@functools.cache
def known() -> list[str]:
    finder = BaseMigrationManager()
    return finder.get_migration_ids(finder.get_migration_modules(APP_CONFIG.resolved_migrations_folder_path))
