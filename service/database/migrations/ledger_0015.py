"""What delivery figures read of each arrival stands in the index by which they find it."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0015"
VERSION = "1.38.0"
DESCRIPTION = "arrival_newest has what delivery figures read"

STATEMENTS = (
    "DROP INDEX arrival_newest",
    "CREATE INDEX arrival_newest ON arrival (position, environment, service, version, place, started_at)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
