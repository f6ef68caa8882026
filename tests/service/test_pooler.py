"""Behind PgBouncer the ledger works as without, once it is told the pooler's mode; untold it does not start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database.lifespan import opened
from service.database.url import Pooler

from ..support.service import pooler
from ..support.service.postgres_server import PostgresServer
from ..support.service.replica import command, replica
from ..support.service.writers import Writers

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not pooler.PROGRAM, reason="pgbouncer is not installed: `make databases` says how"),
    pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)]),
]


@pytest.fixture(params=["session", "transaction"])
def mode(request: pytest.FixtureRequest) -> Pooler:
    name: Pooler = request.param
    return name


@pytest.fixture
def pooled_url(mode: Pooler, postgres: PostgresServer, database_url: str) -> Iterator[str]:
    """Few connections, so that in transaction mode each statement is likely to have another one."""
    with pooler.pooler(postgres, mode, size=40 if mode == "session" else 3) as folder:
        name = database_url.partition("?")[0].rpartition("/")[2]
        yield pooler.url(folder, name)


def test_it_does_not_start_behind_a_pooler_that_it_is_not_told_of(pooled_url: str) -> None:
    for args in (["serve"], ["migrate"], ["token", "list"]):
        ran = command(pooled_url, *args, DATABASE_POOLER="none")
        assert ran.code, ran.stdout
        assert "Set DATABASE_POOLER to `transaction` or `session`, as the pooler's mode is." in ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.mark.long
async def test_two_ledgers_behind_a_pooler_lose_and_mix_nothing(pooled_url: str, mode: Pooler, tmp_path: Path) -> None:
    token = command(pooled_url, "token", "create", "--scope", "releases:write", DATABASE_POOLER=mode).stdout.strip()
    with (
        replica(pooled_url, tmp_path / "1", DATABASE_POOLER=mode) as one,
        replica(pooled_url, tmp_path / "2", DATABASE_POOLER=mode) as two,
        one.http() as http,
    ):
        writers = Writers([one.url, two.url], token)
        async with writers.writing():
            await writers.until(200, seconds=60)
        assert set(writers.answers) == {201}
        for message, receipt in writers.acknowledged:
            if message.path == "/releases":
                read = http.get(f"/releases/{receipt['service']}/{receipt['version']}")
                assert read.status_code == 200
                assert read.json()["receipt"] == receipt
        assert "Traceback" not in one.log.read_text() + two.log.read_text()
    async with opened(pooled_url, mode):
        await writers.assert_nothing_lost()
