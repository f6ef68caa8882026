"""The first tables. Migrations are written by hand, only add, and import nothing of ours."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Bytea, ForeignKey, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0001"
VERSION = "1.38.0"
DESCRIPTION = "release, proposal, event, environment, place, arrival, token"


class Release(Table):
    id = BigSerial(primary_key=True)
    service = Text()
    version = Text()
    sha256 = Text()
    document = Text()
    image_digest = Text(index=True)
    chart_name = Text()
    chart_digest = Text(index=True)
    source_commit = Text(index=True)
    recorded_at = Timestamptz()


class Proposal(Table):
    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    sha256 = Text()
    part = Text()
    recorded_at = Timestamptz()


class Event(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    sha256 = Text()
    body = Bytea()
    received_at = Timestamptz()
    place = Text(null=True, default=None)
    at = BigInt(null=True, default=None)


class Environment(Table):
    id = BigSerial(primary_key=True)
    environment = Text(unique=True)
    events = BigInt()
    confirmed_at = Timestamptz()


class Place(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text()
    state = Text()


class Arrival(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text()
    state = Text()
    service = Text()
    chart = Text(null=True, default=None)
    version = Text()
    chart_digest = Text(null=True, default=None)
    started_at = BigInt()
    ended_at = BigInt(null=True, default=None)
    basis = Text()
    ended_by = Text(null=True, default=None)


class Token(Table):
    id = BigSerial(primary_key=True)
    name = Text()
    sha256 = Text(unique=True)
    scopes = Text()
    service = Text(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)


INDEXES = (
    "CREATE UNIQUE INDEX release_service_version ON release (service, version)",
    "CREATE INDEX release_version ON release (version)",
    "CREATE INDEX release_chart ON release (chart_name, version)",
    "CREATE UNIQUE INDEX proposal_release_sha256 ON proposal (release, sha256)",
    "CREATE UNIQUE INDEX event_environment_sha256 ON event (environment, sha256)",
    "CREATE INDEX event_place ON event (environment, place, at) WHERE place IS NOT NULL",
    "CREATE UNIQUE INDEX place_environment_place ON place (environment, place)",
    "CREATE UNIQUE INDEX arrival_place_position ON arrival (environment, place, position)",
    "CREATE UNIQUE INDEX arrival_running ON arrival (environment, place) WHERE ended_at IS NULL",
    "CREATE INDEX arrival_environment ON arrival (environment, position)",
    "CREATE INDEX arrival_service ON arrival (service, position)",
    "CREATE INDEX arrival_release ON arrival (service, version)",
    "CREATE INDEX arrival_chart ON arrival (chart, version) WHERE chart IS NOT NULL",
    "CREATE INDEX arrival_chart_digest ON arrival (chart_digest) WHERE chart_digest IS NOT NULL",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for table in (Release, Proposal, Event, Environment, Place, Arrival, Token):
            table._meta.db = engine
            await table.create_table()
        for statement in INDEXES:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
