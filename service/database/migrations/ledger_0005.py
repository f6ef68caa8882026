"""The history: what occurred beside arrivals; and the commits by which releases are found. Old rows stay as they are,
until `rebuild` and the upgrade of releases complete them."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, ForeignKey, Text
from piccolo.columns.base import OnDelete
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0005"
VERSION = "1.38.0"
DESCRIPTION = "history; what began an arrival; release_commit"


class Release(Table):
    id = BigSerial(primary_key=True)


class ReleaseCommit(Table):
    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    commit = Text()


class History(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text(null=True, default=None)
    position = Text()
    after = Text(null=True, default=None)
    kind = Text()
    service = Text(null=True, default=None)
    version = Text(null=True, default=None)
    build = Text(null=True, default=None)
    chart_digest = Text(null=True, default=None)
    at = BigInt()
    source = Text()
    basis = Text(null=True, default=None)
    cause = Text(null=True, default=None)
    message = Text()
    detail = Text(null=True, default=None)


STATEMENTS = (
    "ALTER TABLE arrival ADD COLUMN began_by TEXT DEFAULT NULL",
    "ALTER TABLE release ADD COLUMN commits BIGINT DEFAULT NULL",
    "ALTER TABLE proposal ADD COLUMN told BOOLEAN DEFAULT NULL",
    "CREATE INDEX release_unindexed ON release (id) WHERE commits IS NULL",
    "CREATE INDEX proposal_untold ON proposal (id) WHERE told IS NULL",
    'CREATE INDEX release_commit_release ON release_commit ("commit", release)',
    "CREATE INDEX proposal_release_id ON proposal (release, id)",
    "CREATE INDEX place_release ON place (service, version)",
    "DROP INDEX arrival_open",  # which nothing reads any more
    "CREATE INDEX arrival_newest ON arrival (position, environment)",
    "CREATE INDEX arrival_service_environment ON arrival (service, environment, position)",
    "CREATE INDEX history_newest ON history (position, environment)",
    "CREATE INDEX history_environment ON history (environment, position)",
    "CREATE INDEX history_service ON history (service, position, environment)",
    "CREATE INDEX history_service_environment ON history (service, environment, position)",
    "CREATE INDEX history_kind ON history (kind, position, environment)",
    "CREATE INDEX history_kind_environment ON history (kind, environment, position)",
    "CREATE INDEX history_kind_service ON history (kind, service, position, environment)",
    "CREATE INDEX history_kind_service_environment ON history (kind, service, environment, position)",
    "CREATE INDEX history_release ON history (service, version, position)",
    'CREATE INDEX history_after ON history (environment, place, "after")',
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for table in (History, ReleaseCommit):
            table._meta.db = engine
            await table.create_table()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
