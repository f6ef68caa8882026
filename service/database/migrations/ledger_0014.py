"""The names that a range of a namespace had, in each cluster of an environment. The table `listing` stays for ledgers
of the version before."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Text
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0014"
VERSION = "1.38.0"
DESCRIPTION = "cluster_listing"


class ClusterListing(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    cluster = Text()
    namespace = Text()
    begins = Text()
    ends = Text()
    at = BigInt()
    names = Text()
    heard_at = BigInt(null=True, default=None)
    round_seconds = BigInt(null=True, default=None)


STATEMENTS = (
    "CREATE UNIQUE INDEX cluster_listing_range ON cluster_listing (environment, cluster, namespace, begins, ends)",
    "CREATE INDEX cluster_listing_heard ON cluster_listing"
    " (environment, cluster, namespace, begins, ends, at, heard_at, round_seconds)",
    "INSERT INTO cluster_listing"
    " (environment, cluster, namespace, begins, ends, at, names, heard_at, round_seconds)"
    " SELECT environment, '', namespace, begins, ends, at, names, heard_at, round_seconds FROM listing",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        ClusterListing._meta.db = engine
        await ClusterListing.create_table()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
