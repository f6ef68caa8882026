"""While the database is away or silent every request is answered in time with 503; no other failure is told so."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import httpx
import pytest

from service.database import outages
from service.ledger.releases import read

from ..support.service import pooler
from ..support.service.postgres_server import PostgresServer
from ..support.service.served import Served, document, event, served
from ..support.service.wire import Wire
from .conftest import run_sql

pytestmark = pytest.mark.anyio
IN_TIME = 5.0  # seconds


async def answers(ledger: Served, token: str) -> list[httpx.Response]:
    """Of one request of each kind, several at a time, each in time."""
    http, shown = ledger.http, {"Authorization": f"Bearer {token}"}
    began = time.monotonic()
    found = await asyncio.gather(
        http.get("/readyz"),
        http.get("/releases"),
        http.get("/environments"),
        *(http.post("/releases", json=document(version=f"2.0.{n}"), headers=shown) for n in range(20)),
        *(ledger.say(event(resource_version=n)) for n in range(20)),
    )
    assert time.monotonic() - began < IN_TIME
    return found


async def assert_silent(ledger: Served, token: str) -> None:
    for answer in await answers(ledger, token):
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        is_hook = answer.request.url.path.startswith("/hooks/")  # Flux takes Retry-After too seriously
        assert is_hook != ("retry-after" in answer.headers)
    assert (await ledger.http.get("/healthz")).status_code == 200


async def assert_heals(ledger: Served, token: str) -> None:
    end = time.monotonic() + IN_TIME
    while (await ledger.http.get("/readyz")).status_code != 200:
        assert time.monotonic() < end
    assert {it.status_code for it in await answers(ledger, token)} <= {200, 201}


@contextlib.asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Any]:
    """A connection of asyncpg that is not the ledger's."""
    connection = await asyncpg.connect(url, statement_cache_size=0)  # the URL may be a pooler's
    yield connection
    await connection.close()


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> str:
    asyncio.run(run_sql(postgres.url("postgres"), f"CREATE DATABASE silent TEMPLATE {postgres_template}"))
    return postgres.url("silent")


@pytest.mark.long
async def test_while_postgresql_says_nothing_every_answer_comes_in_time(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    url = postgres_url.replace(str(postgres.folder), str(tmp_path))
    async with Wire(tmp_path, postgres).up() as wire, served(url) as ledger:
        token = await ledger.token("releases:write")
        assert {it.status_code for it in await answers(ledger, token)} <= {200, 201}
        wire.open.clear()
        await assert_silent(ledger, token)
        await assert_silent(ledger, token)
        wire.open.set()
        await assert_heals(ledger, token)


@pytest.mark.long
async def test_while_another_program_locks_sqlite_writes_are_answered_in_time(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with served(f"sqlite:///{path}") as ledger:
        token = await ledger.token("releases:write")
        await ledger.file(document(), token)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            busy = await asyncio.gather(*(ledger.file(document(version=f"2.0.{n}"), token) for n in range(20)))
            assert {it.status_code for it in busy} == {503}
            assert time.monotonic() - began < IN_TIME
            assert (await ledger.http.get("/releases/orders/1.4.2")).status_code == 200
            other.execute("ROLLBACK")
        assert (await ledger.file(document(version="2.0.1"), token)).status_code == 201


async def test_a_failure_of_the_system_that_is_not_the_databases_is_not_told_as_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise FileNotFoundError("a template, say")

    async with served(database_url) as ledger:
        monkeypatch.setattr(read, "newest", broken)
        answer = await ledger.http.get("/releases")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")


@pytest.mark.parametrize("address", ["/nowhere", "127.0.0.1&port=1"])
async def test_a_postgresql_that_cannot_be_reached_is_an_outage(address: str) -> None:
    async with served(f"postgresql://waybill@/ledger?host={address}") as ledger:
        answer = await ledger.http.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The database does not answer.")


# As PostgreSQL's documentation names its classes (appendix A): those in which nothing is wrong with what was asked.
OUTAGES_OF_POSTGRESQL = {
    *("08006", "08P01", "0P000", "25006", "25P03", "25P04", "26000", "28000", "28P01", "3D000", "3F000"),
    *("40001", "40P01", "42501", "42703", "42P01", "42P05", "53100", "53200", "53300", "55000", "55006", "55P03"),
    *("57014", "57P01", "57P03", "57P05", "58000", "58030", "72000", "F0000", "XX000", "XX001", "XX002"),
}
FAULTS_OF_THE_LEDGER = {
    *("09000", "0A000", "21000", "22001", "22P02", "23505", "23503", "24000", "25001", "2D000", "34000", "3B000"),
    *("42601", "42704", "42883", "42P07", "44000", "54000", "54001", "HV000", "P0001", "P0002", "38000", "39000"),
}
FAILING = """
CREATE TABLE fails (code text, times bigint);
CREATE SEQUENCE tries;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE it fails;
BEGIN
    FOR it IN SELECT * FROM fails LOOP
        IF nextval('tries') <= it.times THEN RAISE EXCEPTION 'raised' USING ERRCODE = it.code; END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON release FOR EACH ROW EXECUTE FUNCTION fail();
"""


@pytest.mark.long
@pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_every_class_of_postgresqls_errors_is_the_databases_or_the_ledgers(
    ledger: Served, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "PAUSES", (0, 0))
    known = {it.sqlstate[:2] for it in vars(asyncpg.exceptions).values() if getattr(it, "sqlstate", None)}
    assert known <= set(outages.CLASSES)
    token = await ledger.token("releases:write")
    async with administrator(database_url) as database:
        await database.execute(FAILING)
        statuses = {}
        for code in sorted(OUTAGES_OF_POSTGRESQL | FAULTS_OF_THE_LEDGER):
            await database.execute("INSERT INTO fails VALUES ($1, 1000000)", code)
            statuses[code] = (await ledger.file(document(), token)).status_code
            await database.execute("DELETE FROM fails")
    assert {code for code, status in statuses.items() if status == 503} == OUTAGES_OF_POSTGRESQL
    assert {code for code, status in statuses.items() if status == 500} == FAULTS_OF_THE_LEDGER
    assert (await ledger.file(document(), token)).status_code == 201


@pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("code", ["40001", "40P01", "57P01", "25006"])
async def test_what_may_succeed_at_once_is_tried_again(ledger: Served, database_url: str, code: str) -> None:
    token = await ledger.token("releases:write")
    async with administrator(database_url) as database:
        await database.execute(FAILING)
        await database.execute("INSERT INTO fails VALUES ($1, 2)", code)
    assert (await ledger.file(document(), token)).status_code == 201


@pytest.mark.long
@pytest.mark.skipif(pooler.MODE != "none", reason="the pooler keeps its own connections, which stay read-only")
@pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_server_that_was_read_only_is_written_to_as_soon_as_it_may_be(
    ledger: Served, database_url: str
) -> None:
    token = await ledger.token("releases:write")
    async with administrator(database_url) as database:
        name = await database.fetchval("SELECT current_database()")
        await database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        answers = [await ledger.file(document(version=f"2.0.{n}"), token) for n in range(3)]
        await database.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert {it.status_code for it in answers} == {503}
    again = await asyncio.gather(*(ledger.file(document(version=f"2.0.{n}"), token) for n in range(20)))
    assert {it.status_code for it in again} == {201}
