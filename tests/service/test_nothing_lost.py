"""What the ledger acknowledged is there, once, whatever is killed."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from service.database.lifespan import opened
from service.database.piccolo_conf import Engine
from service.database.tables import Event
from service.ledger import tokens

from ..support.service import pooler
from ..support.service.postgres_server import PostgresServer, postgres_server
from ..support.service.replica import Replica, command, replica, starting
from ..support.service.served import KEYS, event, signature
from ..support.service.sizes import size
from ..support.service.writers import Writers
from .conftest import run_sql

pytestmark = [pytest.mark.anyio, pytest.mark.torture, pytest.mark.long]

KILLS = size(2, 40)
CRASHES = size(2, 10)
EVENTS, TIMES, CLIENTS = size(40, 500), size(10, 40), size(16, 64)
Figure = Callable[[str, str], None]


class Replicas:
    """Ledgers on one database; one that is killed is started anew."""

    def __init__(self, database_url: str, folder: Path, number: int) -> None:
        self.database_url, self.folder, self.stack = database_url, folder, ExitStack()
        self.started = 0
        self.running = [self._start().wait() for _ in range(number)]
        self.urls = [it.url for it in self.running]

    def _start(self) -> Replica:
        self.started += 1
        return self.stack.enter_context(starting(self.database_url, self.folder / f"{self.started}.log"))

    async def kill(self, number: int) -> None:
        self.running[number].process.kill()
        self.running[number] = self._start()
        self.urls[number] = (await asyncio.to_thread(self.running[number].wait)).url

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture
def replicas(backend: str, database_url: str, tmp_path: Path) -> Iterator[Replicas]:
    """One on SQLite, two on PostgreSQL."""
    it = Replicas(database_url, tmp_path, 1 if backend == "sqlite" else 2)
    with it.stack:
        yield it


async def writers_of(urls: list[str]) -> Writers:
    return Writers(urls, await tokens.create("writers", ("releases:write",), None, timedelta(days=1)))


async def test_killed_under_load_it_loses_nothing(
    replicas: Replicas, database: Engine, record_property: Figure
) -> None:
    writers = await writers_of(replicas.urls)
    async with writers.writing():
        for kill in range(KILLS):
            await writers.until(random.randint(11, 50))  # noqa: S311 - no secret
            await replicas.kill(kill % len(replicas.urls))
    await writers.assert_nothing_lost()
    if database.engine_type == "sqlite":
        assert await database.fetch("PRAGMA integrity_check") == [("ok",)]
    assert "Traceback" not in replicas.logs()
    assert len(writers.acknowledged) > 10 * KILLS
    record_property("figure", f"{KILLS} kills, {len(writers.acknowledged)} acknowledged, none lost or twice")


@pytest.fixture
def crashing() -> Iterator[PostgresServer]:
    """A server of its own, with an empty database `ledger`."""
    with postgres_server() as server:
        asyncio.run(run_sql(server.url("postgres"), "CREATE DATABASE ledger"))
        yield server


async def test_a_crash_of_postgresql_loses_nothing(
    crashing: PostgresServer, tmp_path: Path, record_property: Figure
) -> None:
    url = crashing.url("ledger")
    assert command(url, "migrate").code == 0
    token = command(url, "token", "create", "--scope", "releases:write").stdout.strip()
    with replica(url, tmp_path / "log") as ledger:
        writers = Writers([ledger.url], token)
        async with writers.writing():
            for _ in range(CRASHES):
                await writers.until(random.randint(11, 50))  # noqa: S311 - no secret
                await asyncio.to_thread(crashing.stop, "immediate")
                await asyncio.to_thread(crashing.start)
                await writers.until(1, seconds=10)
        async with opened(url, pooler.MODE):
            await writers.assert_nothing_lost()
        assert "Traceback" not in ledger.log.read_text()
    record_property("figure", f"{CRASHES} crashes, {len(writers.acknowledged)} acknowledged, none lost or twice")


async def test_an_event_counts_once_however_often_and_wherever_it_is_sent(
    replicas: Replicas, database: Engine, record_property: Figure
) -> None:
    bodies = [json.dumps(event(revision=f"1.0.{number}", resource_version=number)).encode() for number in range(EVENTS)]
    posts = bodies * TIMES
    random.shuffle(posts)
    answers: list[tuple[bytes, int, str]] = []

    async def client(number: int) -> None:
        url = replicas.urls[number % len(replicas.urls)]
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            while posts:
                body = posts.pop()
                headers = {"X-Signature": signature(body, KEYS["staging"][0])}
                answer = await http.post("/hooks/flux/staging", content=body, headers=headers)
                answers.append((body, answer.status_code, answer.text))

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    statuses = Counter(status for _, status, _ in answers)
    assert statuses == {201: EVENTS, 200: EVENTS * (TIMES - 1)}
    assert len({(body, receipt) for body, _, receipt in answers}) == EVENTS
    assert await Event.count() == EVENTS
    record_property("figure", f"{EVENTS} events sent {len(answers)} times by {CLIENTS} clients: {EVENTS} rows")
