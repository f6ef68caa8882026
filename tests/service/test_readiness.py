"""/readyz says whether what is sent now would be kept, and nothing is acknowledged that would not."""

import asyncio
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from ..support.service.postgres_server import PostgresServer
from ..support.service.served import Served, event, served
from .conftest import run_sql

pytestmark = pytest.mark.anyio


async def not_ready(ledger: Served) -> str:
    """What it says, once it says it."""
    end = time.monotonic() + 5
    while (answer := await ledger.http.get("/readyz")).status_code == 200:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert answer.status_code == 503, answer.text
    said: Any = answer.json()
    return str(said["detail"])


async def test_a_ledger_that_can_write_is_ready(ledger: Served) -> None:
    assert (await ledger.say(event())).status_code == 201
    assert (await ledger.http.get("/readyz")).status_code == 200
    assert (await ledger.get("/environments"))["items"][0]["environment"] == "staging"


def lose(path: Path, way: str) -> None:
    copy = Path(shutil.copy(path, path.with_suffix(".copy")))
    path.unlink()
    if way == "replaced":
        copy.rename(path)


@pytest.mark.long
@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "ledger.db-shm"])
@pytest.mark.parametrize("way", ["deleted", "replaced"])
async def test_a_file_that_was_deleted_or_replaced_takes_nothing_more(tmp_path: Path, name: str, way: str) -> None:
    path = tmp_path / name
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        assert (await ledger.say(event())).status_code == 201
        assert (await ledger.http.get("/readyz")).status_code == 200
        lose(path, way)
        assert f"{name}, a file of the database, was {way}" in await not_ready(ledger)
        refused = await ledger.say(event(resource_version=2))
        assert refused.status_code == 503
        assert way in refused.json()["detail"]


@pytest.mark.long
async def test_a_file_that_another_was_copied_over_is_not_ready(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "ledger.db"
    async with served(f"sqlite:///{path}") as ledger:
        for number in range(5):
            assert (await ledger.say(event(resource_version=number))).status_code == 201
        other = sqlite3.connect(path)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()
        assert (await ledger.http.get("/readyz")).status_code == 200
        shutil.copyfile(sqlite_template, path)
        assert "file" in await not_ready(ledger)


@pytest.mark.long
async def test_a_disk_without_room_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        assert (await ledger.http.get("/readyz")).status_code == 200
        monkeypatch.setattr("service.database.readiness.ROOM", 2**60)
        assert "The disk has less than" in await not_ready(ledger)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "PostgreSQL is read-only."),
        ("REVOKE INSERT ON event FROM waybill_writer", "The database's user may not write"),
    ],
)
async def test_a_postgresql_that_may_not_be_written_is_not_ready(
    postgres: PostgresServer, postgres_template: str, sql: str, said: str
) -> None:
    name = f"readiness_{len(sql)}"
    admin = postgres.url(name)
    await run_sql(postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    await run_sql(
        admin,
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waybill_writer')"
        " THEN CREATE ROLE waybill_writer LOGIN; END IF; END $$",
    )
    await run_sql(admin, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO waybill_writer")
    await run_sql(admin, sql.format(name))
    async with served(admin.replace("postgres@", "waybill_writer@")) as ledger:
        assert said in await not_ready(ledger)


async def test_a_postgresql_whose_tables_somebody_locks_is_not_ready(
    postgres: PostgresServer, postgres_template: str
) -> None:
    """As VACUUM FULL does, or an ALTER TABLE by hand."""
    await run_sql(postgres.url("postgres"), f"CREATE DATABASE readiness_locked TEMPLATE {postgres_template}")
    url = postgres.url("readiness_locked")
    async with served(url) as ledger:
        assert (await ledger.http.get("/readyz")).status_code == 200
        other = await asyncpg.connect(url)
        await other.execute("BEGIN; LOCK TABLE event")
        assert "The database does not answer." in await not_ready(ledger)
        await other.close()
        assert (await ledger.http.get("/readyz")).status_code == 200
