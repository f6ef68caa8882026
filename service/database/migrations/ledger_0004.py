"""What observers saw: levels, lists of names, images; the bodies that could not be read; columns that name a place's
release. Old rows stay as they are, until `rebuild` makes them anew."""

from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, Text, Timestamptz
from piccolo.engine import Engine, engine_finder
from piccolo.table import Table

ID = "0004"
VERSION = "1.38.0"
DESCRIPTION = "level, listing, image, unread; the release of a place; the build metadata of an arrival"


class Level(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    sha256 = Text()
    body = Bytea()
    first_at = BigInt()
    first_version = Text()
    last_at = BigInt()
    last_version = Text()


class Listing(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    namespace = Text()
    begins = Text()
    ends = Text()
    at = BigInt()
    names = Text()


class Image(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text()
    digest = Text()
    seen = Boolean()


class Unread(Table):
    id = BigSerial(primary_key=True)
    environment = Text()
    cause = Text()
    bodies = BigInt()
    last_at = Timestamptz()


COLUMNS = (
    "ALTER TABLE place ADD COLUMN service TEXT DEFAULT NULL",
    "ALTER TABLE place ADD COLUMN version TEXT DEFAULT NULL",
    "ALTER TABLE arrival ADD COLUMN build TEXT DEFAULT NULL",
    "ALTER TABLE environment ADD COLUMN observed_at {time} DEFAULT NULL",
    "ALTER TABLE environment ADD COLUMN round_seconds {number} DEFAULT NULL",
)
INDEXES = (
    "CREATE INDEX level_place ON level (environment, place, last_at)",
    "CREATE UNIQUE INDEX listing_range ON listing (environment, namespace, begins, ends)",
    "CREATE UNIQUE INDEX image_found ON image (environment, place, position, digest, seen)",
    "CREATE INDEX image_digest ON image (digest)",
    "CREATE UNIQUE INDEX unread_cause ON unread (environment, cause)",
    # A contested place has several.
    "DROP INDEX arrival_running",
    "CREATE INDEX arrival_open ON arrival (environment, place) WHERE ended_at IS NULL",
)
TYPES = {
    "sqlite": {"time": "TIMESTAMPTZ", "number": "INTEGER"},
    "postgres": {"time": "TIMESTAMPTZ", "number": "BIGINT"},
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run() -> None:
        engine = cast(Engine[Any], engine_finder())
        for table in (Level, Listing, Image, Unread):
            table._meta.db = engine
            await table.create_table()
        for statement in (*COLUMNS, *INDEXES):
            await engine.run_ddl(statement.format(**TYPES[engine.engine_type]))

    manager.add_raw(run)
    return manager
