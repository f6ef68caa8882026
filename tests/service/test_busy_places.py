"""A place of which much was said, as one that failed every minute for days: nobody waits for it, and what lets all of
it be derived anew counts as much."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.ledger.environments import at_time
from service.ledger.events import projection, take_snapshot
from service.ledger.events import take as events
from service.ledger.events.rebuild import rebuild

from ..support.service.served import Served, event, served
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
FAILURES = 700


def said(minute: int, reason: str = "UpgradeFailed", version: str = "1.4.2") -> bytes:
    it = event(reason, version, at=NOW - timedelta(minutes=FAILURES + 10 - minute), resource_version=100 + minute)
    return json.dumps(it | {"message": f"{it['message']} {minute}"}).encode()


@pytest.fixture
def threads() -> list[bool]:
    """Whether each call of what is `noted` was on the loop's thread."""
    return []


def noted(work: Callable[..., Any], threads: list[bool]) -> Callable[..., Any]:
    def noting(*args: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return work(*args)

    return noting


async def test_it_is_read_beside_the_loop_and_counted(
    database_url: str, monkeypatch: pytest.MonkeyPatch, threads: list[bool]
) -> None:
    monkeypatch.setattr(projection, "timeline", noted(projection.timeline, threads))
    monkeypatch.setattr(at_time, "_continued", noted(at_time._continued, threads))
    async with served(database_url, EVENT_QUOTA="20/min, 64MiB/min, 60 places") as ledger:
        bodies = [said(0, "InstallSucceeded", "1.0.0"), *(said(minute) for minute in range(1, FAILURES))]
        await asyncio.gather(*(events.take(events.Signed("staging", it, NOW)) for it in bodies))
        threads.clear()
        late = [await ledger.say(said(-minute)) for minute in (1, 2, 3)]
        assert [it.status_code for it in late] == [201, 201, 429]
        then = await ledger.get(f"/environments/staging?at={NOW - timedelta(minutes=11):%Y-%m-%dT%H:%M:%SZ}")
        assert then["services"][0]["attempt"]["version"] == "1.4.2"
        assert threads == [False] * 3
        before = await ledger.get("/history?limit=200")
        await rebuild()
        assert await ledger.get("/history?limit=200") == before


async def test_a_large_snapshot_is_read_beside_the_loop(
    ledger: Served, monkeypatch: pytest.MonkeyPatch, threads: list[bool]
) -> None:
    monkeypatch.setattr(take_snapshot, "parse", noted(take_snapshot.parse, threads))
    for number in (1, 20):
        listed = [
            {"namespace": "apps", "name": f"orders-{it}", "history": [deployed("1.4.2", NOW)], "more": "x" * 30_000}
            for it in range(number)
        ]
        whole = {"taken_at": written(NOW), "namespaces": ["apps"], "helmreleases": listed}
        assert (await see(ledger, json.dumps(whole).encode())).status_code == 201
    assert threads == [True, False]
    assert len((await ledger.get("/environments/staging"))["services"]) == 20
