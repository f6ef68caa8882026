"""What Flux said of manifests that it gets as an artifact."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Text
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0010"
VERSION = "1.38.0"
DESCRIPTION = "delivery"


class Delivery(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    sha256 = Text()
    digest = Text()
    origin = Text(null=True, default=None)
    object = Text()
    outcome = Text()
    at = BigInt()
    message = Text()


STATEMENTS = (
    "CREATE INDEX delivery_by_digest ON delivery (digest)",
    "CREATE INDEX delivery_by_origin ON delivery (origin)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        Delivery._meta.db = engine
        await Delivery.create_table()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
