"""Indexes without the rows that are not looked for in them: a release that is filed writes into three less. Measured on
SQLite, 16 clients: a filing changes 26.5 pages instead of 28.9."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0017"
VERSION = "1.38.0"
DESCRIPTION = "smaller indexes"

STATEMENTS = (
    "DROP INDEX history_after",
    'CREATE INDEX history_after ON history (environment, place, "after") WHERE "after" IS NOT NULL',
    "DROP INDEX history_release",
    "CREATE INDEX history_release ON history (service, version, position) WHERE kind <> 'proposed'",
    "DROP INDEX proposal_artifact",
    "CREATE INDEX proposal_artifact ON proposal (artifact) WHERE artifact IS NOT NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
