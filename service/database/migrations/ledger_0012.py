"""When the source commit of a release was made. Delivery figures find it, and what else they read of a release, in the
index by which a service's releases are found; and the first failure of a version's tests by one of its own."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0012"
VERSION = "1.38.0"
DESCRIPTION = "release: committed_at"

STATEMENTS = (
    "ALTER TABLE release ADD COLUMN committed_at BIGINT DEFAULT NULL",
    "DROP INDEX release_service_newest",
    "CREATE INDEX release_service_newest ON release (service, id, version, source_commit, committed_at)",
    "CREATE INDEX release_undated ON release (id) WHERE committed_at IS NULL",  # what is still to be looked at
    "CREATE INDEX history_tests ON history (service, version, environment, position)"
    " WHERE kind = 'failed' AND cause = 'TestFailed'",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
