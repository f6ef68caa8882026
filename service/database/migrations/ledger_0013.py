"""Fewer indexes: a row that is written costs a page for each. No query uses three of them, and the first image of a
release is found with all its images, but where it is kept as number 1."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0013"
VERSION = "1.38.0"
DESCRIPTION = "no index without a use"

STATEMENTS = (
    "DROP INDEX release_version",
    "DROP INDEX release_chart",
    "DROP INDEX arrival_chart",
    "DROP INDEX release_image_digest",
    "CREATE INDEX release_first_image ON release (image_digest) WHERE waybill IS NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
