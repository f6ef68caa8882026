"""How a place stood now and then amid a long arrival, and after what its images were found: what comes late is derived
from there on, and not from the beginning of the arrival."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigSerial, Text
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0016"
VERSION = "1.38.0"
DESCRIPTION = "checkpoint; image: after"


class Checkpoint(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text()
    state = Text()


STATEMENTS = (
    "CREATE UNIQUE INDEX checkpoint_position ON checkpoint (environment, place, position)",
    "ALTER TABLE image ADD COLUMN after TEXT NOT NULL DEFAULT ''",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        Checkpoint._meta.db = engine
        await Checkpoint.create_table()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
