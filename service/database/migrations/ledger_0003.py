"""Columns and a table for number 2 of the waybill. What a ledger before it reads is still written, so that one may run
beside. The last index finds the releases that it filed."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigSerial, ForeignKey, Text
from piccolo.columns.base import OnDelete
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0003"
VERSION = "1.38.0"
DESCRIPTION = "release: waybill, whole, identity; proposal: gitops; release_image"


class Release(Table):
    id = BigSerial(primary_key=True)


class ReleaseImage(Table):
    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    name = Text()
    platform = Text(null=True, default=None)
    digest = Text()


STATEMENTS = (
    "ALTER TABLE release ADD COLUMN waybill TEXT DEFAULT NULL",
    "ALTER TABLE release ADD COLUMN whole TEXT DEFAULT NULL",
    "ALTER TABLE release ADD COLUMN identity TEXT DEFAULT NULL",
    "ALTER TABLE proposal ADD COLUMN gitops TEXT DEFAULT NULL",
    "CREATE INDEX release_image_by_digest ON release_image (digest)",
    "CREATE INDEX release_number_one ON release (id) WHERE waybill IS NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        ReleaseImage._meta.db = engine
        await ReleaseImage.create_table()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
