"""Every test of the ledger that asks for `backend` or `database` runs on SQLite and on PostgreSQL."""

import asyncio
import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.database.migrate import migrate
from service.database.patience import COMMAND
from service.database.piccolo_conf import Engine, engine_for, use

from ..support.service import pooler
from ..support.service.postgres_server import PostgresServer, postgres_server
from ..support.service.served import Served, served

COUNTER = itertools.count()
BACKENDS = [
    pytest.param("sqlite", marks=pytest.mark.sqlite),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


async def migrated(url: str) -> None:
    engine = use(engine_for(url, COMMAND))
    await engine.start()
    await migrate(engine)
    await engine.stop()


async def run_sql(url: str, sql: str) -> None:
    engine = engine_for(url, COMMAND)
    await engine.start()
    await engine.fetch(sql)
    await engine.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrated(f"sqlite:///{path}"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process; each test gets a database of its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    asyncio.run(run_sql(postgres.url("postgres"), "CREATE DATABASE template_ledger"))
    asyncio.run(migrated(postgres.url("template_ledger")))
    return "template_ledger"


@pytest.fixture(scope="session")
def pooler_folder(postgres: PostgresServer) -> Iterator[Path]:
    with pooler.pooler(postgres, pooler.MODE) as folder:
        yield folder


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database of each kind."""
    if backend == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"ledger_{next(COUNTER)}"
    asyncio.run(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    through = None if pooler.MODE == "none" else request.getfixturevalue("pooler_folder")
    yield pooler.url(through, name) if through else server.url(name)
    asyncio.run(run_sql(server.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Engine]:
    """The engine of `database_url`, started, and used by every table."""
    engine = use(engine_for(database_url, pooler=pooler.MODE))
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Served]:
    """A whole ledger on a fresh database of each kind, reads public."""
    async with served(database_url) as it:
        yield it
