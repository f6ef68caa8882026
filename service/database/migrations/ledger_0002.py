"""Indexes for the board's search and for the newest releases of a service. Nothing else changes."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0002"
VERSION = "1.38.0"
DESCRIPTION = "indexes of release by the beginning of its version, and by service"

# PostgreSQL may compare by the rules of a language, in which a range is no prefix; this compares bytes, as SQLite does.
BYTES = {"postgres": ' COLLATE "C"', "sqlite": ""}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        bytewise = BYTES[engine.engine_type]
        await engine.run_ddl(f"CREATE INDEX release_version_prefix ON release ((lower(version){bytewise}), service)")
        await engine.run_ddl("CREATE INDEX release_service_newest ON release (service, id)")

    manager.add_raw(run)
    return manager
