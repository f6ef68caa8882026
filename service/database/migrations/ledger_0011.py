"""Indexes by which delivery figures find the first arrival and the first failure of a version in an environment, and
the proposals that roll back."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0011"
VERSION = "1.38.0"
DESCRIPTION = "indexes for delivery figures"

STATEMENTS = (
    "CREATE INDEX arrival_version ON arrival (service, version, environment, position)",
    "DROP INDEX arrival_release",  # which that one begins with
    "CREATE INDEX history_failed ON history (service, version, environment, position) WHERE kind = 'failed'",
    "CREATE INDEX history_rollback ON history (position, environment) WHERE cause = 'rollback'",
    "CREATE INDEX history_rollback_of ON history (service, environment, position) WHERE cause = 'rollback'",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
