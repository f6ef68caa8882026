"""Where Piccolo looks for the engine. One process serves one database: `use` names it."""

import os

from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppRegistry
from piccolo.table import Table

from .patience import REQUEST, Patience
from .postgres import PooledPostgres
from .sqlite import EmbeddedSQLite
from .tables import TABLES
from .url import Pooler, parse_url

Engine = EmbeddedSQLite | PooledPostgres

DB: Engine | None = None
APP_REGISTRY = AppRegistry(apps=[f"{__package__}.piccolo_app"])


def engine_for(url: str, patience: Patience = REQUEST, pooler: Pooler = "none") -> Engine:
    """The engine, not started. Raises ValueError for a URL that `parse_url` does not know."""
    kind, target = parse_url(url)
    return EmbeddedSQLite(target, patience) if kind == "sqlite" else PooledPostgres(target, patience, pooler)


def current() -> Engine:
    if DB is None:
        raise RuntimeError("no database engine is in use")
    return DB


def use(engine: Engine) -> Engine:
    """Every table, and Piccolo itself, uses this engine from now on."""
    global DB  # noqa: PLW0603 - Piccolo reads this name
    DB = engine
    os.environ["PICCOLO_CONF"] = __name__
    tables: list[type[Table]] = [*TABLES, Migration]
    for table in tables:
        table._meta.db = engine
    return engine
