"""The digest of the manifests that are published of a proposal."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import Engine, engine_finder

ID = "0006"
VERSION = "1.38.0"
DESCRIPTION = "proposal.artifact"

STATEMENTS = (
    "ALTER TABLE proposal ADD COLUMN artifact TEXT DEFAULT NULL",
    "CREATE INDEX proposal_artifact ON proposal (artifact)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
