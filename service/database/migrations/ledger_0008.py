"""When a range of names was last read, by the ledger's clock, and how often its observer looks: several observers of
one environment may differ in both. The index has all of a range but its names."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0008"
VERSION = "1.38.0"
DESCRIPTION = "listing: heard_at, round_seconds"

STATEMENTS = (
    "ALTER TABLE listing ADD COLUMN heard_at BIGINT DEFAULT NULL",
    "ALTER TABLE listing ADD COLUMN round_seconds BIGINT DEFAULT NULL",
    "CREATE INDEX listing_heard ON listing (environment, namespace, begins, ends, at, heard_at, round_seconds)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
