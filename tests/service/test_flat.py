"""What is asked costs as much with many events as with few: SQLite's own steps are counted, no clock is read.

`make bench ARGS=--flat` measures the same, in time, at a million events and on PostgreSQL too.
"""

import asyncio

import pytest

from bench import data, fill
from service.database import piccolo_conf
from service.database.sqlite import EmbeddedSQLite
from service.ledger.events import take as events
from service.ledger.releases import file as releases

from ..support.service.served import Served

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.sqlite)]),
]
FEW, MANY, RELEASES = 800, 4_000, 100
PATHS = (
    f"/releases/{data.service(0)}/{data.version(20)}",
    "/releases",
    "/environments",
    "/environments/staging",
    "/environments/staging?at=2026-01-01T00:10:00Z",
    "/environments/staging/arrivals?limit=10",
    f"/environments/staging/arrivals?service={data.service(0)}&limit=10",
    f"/services/{data.service(0)}?limit=10",
    f"/digests/{data.digest(f'image {data.service(0)} {data.version(20)}')}",
    f"/digests/{data.digest(f'chart {data.service(0)} {data.version(20)}')}",
    "/",
    "/board/environments/staging?at=2026-01-01T00:10:00",
    f"/board/releases/{data.service(0)}/{data.version(20)}",
)


async def steps(ledger: Served, path: str) -> int:
    """Of SQLite's virtual machine, in hundreds, for one request."""
    engine, count = piccolo_conf.current(), 0
    assert isinstance(engine, EmbeddedSQLite)

    def counted() -> int:
        nonlocal count
        count += 1
        return 0

    engine.started.reader.set_progress_handler(counted, 100)
    try:
        assert (await ledger.http.get(path)).status_code == 200, path
    finally:
        engine.started.reader.set_progress_handler(None, 0)
    return count


async def test_no_question_costs_more_with_more_events(ledger: Served) -> None:
    await asyncio.gather(*(releases.file(fill.filing(number)) for number in range(RELEASES)))
    costs = []
    for begin, end in ((0, FEW), (FEW, MANY)):
        await asyncio.gather(*(events.take(fill.signed(number)) for number in range(begin, end)))
        costs.append({path: await steps(ledger, path) for path in PATHS})
    few, many = costs
    assert {path: cost for path, cost in many.items() if cost > 1.5 * few[path] + 5} == {}, few
