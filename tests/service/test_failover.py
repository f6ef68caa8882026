"""Where PostgreSQL's standby takes over, nothing that was acknowledged is lost, and the ledger goes on by itself."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.database.lifespan import opened

from ..support.service.postgres_server import PostgresServer, postgres_server, standby_of
from ..support.service.replica import command, replica
from ..support.service.served import served
from ..support.service.writers import Writers
from .conftest import run_sql

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SERVES_AGAIN = 5.0  # seconds after the standby was promoted


@pytest.fixture
def pair() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A primary with an empty database `ledger`, and its standby, without which it acknowledges nothing."""
    with postgres_server() as primary:
        asyncio.run(run_sql(primary.url("postgres"), "CREATE DATABASE ledger"))
        with standby_of(primary) as standby:
            asyncio.run(run_sql(primary.url("postgres"), "ALTER SYSTEM SET synchronous_standby_names = '*'"))
            asyncio.run(run_sql(primary.url("postgres"), "SELECT pg_reload_conf()"))
            yield primary, standby


@pytest.mark.long
async def test_after_a_failover_nothing_is_lost_and_the_ledger_serves_at_once(
    pair: tuple[PostgresServer, PostgresServer], tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    primary, standby = pair
    url = f"postgresql://postgres@/ledger?host={standby.folder},{primary.folder}"
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write").stdout.strip()
    with replica(url, tmp_path / "log") as ledger, ledger.http() as http:
        writers = Writers([ledger.url], token)
        async with writers.writing():
            await writers.until(100)
            await asyncio.to_thread(primary.stop)
            await asyncio.to_thread(standby.promote)
            promoted = time.monotonic()
            await writers.until(1)
            away = time.monotonic() - promoted
            await writers.until(100)
        assert away < SERVES_AGAIN
        assert http.get("/readyz").status_code == 200
        assert "Traceback" not in ledger.log.read_text()
    async with opened(standby.url("ledger")):
        await writers.assert_nothing_lost()
    record_property(
        "figure", f"{len(writers.acknowledged)} acknowledged, none lost or twice, served after {away:.2f} s"
    )


async def test_a_host_that_is_silent_leaves_time_for_the_next(postgres: PostgresServer, postgres_template: str) -> None:
    async def silence(*_: asyncio.StreamReader | asyncio.StreamWriter) -> None:
        await ended.wait()

    ended = asyncio.Event()
    async with await asyncio.start_server(silence, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        hosts = f"host=127.0.0.1,{postgres.folder}&port={port},5432"
        async with served(f"postgresql://postgres@/{postgres_template}?{hosts}") as ledger:
            assert (await ledger.http.get("/readyz")).status_code == 200
        ended.set()
