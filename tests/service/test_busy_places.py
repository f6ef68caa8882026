"""A place of which much was said, as one that failed every minute for days: nobody waits for it, and what lets all of
it be derived anew counts as much."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Place
from service.domain import lane
from service.ledger.environments import at_time
from service.ledger.events import projection, rewind, take_snapshot
from service.ledger.events import take as events
from service.ledger.events.rebuild import rebuild, rebuild_stale

from ..support.service.served import Served, event, served
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
FAILURES = 700


def said(minute: int, reason: str = "UpgradeFailed", version: str = "1.4.2") -> bytes:
    it = event(reason, version, at=NOW - timedelta(minutes=FAILURES + 10 - minute), resource_version=100 + minute)
    return json.dumps(it | {"message": f"{it['message']} {minute}"}).encode()


async def answers(ledger: Served) -> list[Any]:
    asked = ("/history?limit=200", "/environments/staging", "/environments/staging/arrivals?limit=200")
    return [it.get("services", it.get("items")) for it in [await ledger.get(path) for path in asked]]


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
    monkeypatch.setattr(lane, "CHECKPOINT", "none")
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


@pytest.mark.parametrize("beginning", [["InstallSucceeded"], [], ["InstallSucceeded", "UninstallSucceeded"]])
async def test_what_is_late_costs_what_lies_after_it(
    ledger: Served, monkeypatch: pytest.MonkeyPatch, beginning: list[str]
) -> None:
    """However long the place has failed since it was installed, or removed, or though it never was."""
    monkeypatch.setattr(lane, "CHECKPOINT", "0")
    bodies = [said(number, it, "1.0.0") for number, it in enumerate(beginning)]
    bodies += [said(minute) for minute in range(len(bodies), FAILURES)]
    await asyncio.gather(*(events.take(events.Signed("staging", it, NOW)) for it in bodies))
    for minutes in (5, 100):
        it = event("UpgradeFailed", at=NOW - timedelta(minutes=10 + minutes, seconds=30), resource_version=1)
        it["involvedObject"]["resourceVersion"] = str(100 + FAILURES - minutes - 1)
        taken = await events.take(events.Signed("staging", json.dumps(it).encode(), NOW))
        assert taken.new
        assert minutes <= taken.news.read_again < minutes + 200, "one of 16 is a checkpoint"
    before = await answers(ledger)
    await rebuild()
    assert await answers(ledger) == before


async def test_what_nobody_could_wait_for_is_kept_and_told_until_a_rebuild(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes with it in order has its effect."""
    monkeypatch.setattr(lane, "CHECKPOINT", "none")
    monkeypatch.setattr(rewind, "MOST_AGAIN", 100)
    bodies = [said(0, "InstallSucceeded", "1.0.0"), *(said(minute) for minute in range(2, 150))]
    await asyncio.gather(*(events.take(events.Signed("staging", it, NOW)) for it in bodies))
    before = await answers(ledger)
    assert (await ledger.say(said(1))).status_code == 201
    assert (await ledger.say(said(1))).status_code == 200
    assert await answers(ledger) == before
    [unread] = (await ledger.get("/environments/staging"))["unread"]
    assert ("waybill-service rebuild" in unread["cause"], unread["bodies"]) == (True, 1)
    assert "waybill-service rebuild" in (await ledger.http.get("/board/environments/staging")).text
    late, new = await asyncio.gather(
        *(events.take(events.Signed("staging", said(*it), NOW)) for it in [(-1,), (150, "UpgradeSucceeded", "1.5.0")])
    )
    assert (late.new, new.new, late.news.left_out + new.news.left_out) == (True, True, 1)
    [now] = (await ledger.get("/environments/staging"))["services"]
    assert now["release"]["version"] == "1.5.0"
    await rebuild()
    [found] = (await ledger.get("/environments"))["items"]  # which keeps no answer
    assert found["unread"] == []
    assert found["services"][0]["release"]["version"] == "1.5.0"
    failed = (await ledger.get("/history?limit=200&kind=failed"))["items"]
    assert len(failed) == 150, "with both that came late"


async def test_an_upgrade_that_is_under_way_counts_in_what_comes_meanwhile(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewind, "MOST_AGAIN", 100)
    bodies = [said(0, "InstallSucceeded", "1.0.0"), *(said(minute) for minute in range(1, 150))]
    await asyncio.gather(*(events.take(events.Signed("staging", it, NOW)) for it in bodies))
    await Place.update({Place.state: "{}"}, force=True)
    assert (await ledger.say(said(150, "UpgradeSucceeded", "1.5.0"))).status_code == 201
    assert (await ledger.http.get("/environments")).status_code == 503
    assert await rebuild_stale() == 1
    [found] = (await ledger.get("/environments"))["items"]
    assert (found["unread"], found["services"][0]["release"]["version"]) == ([], "1.5.0")


async def test_the_past_is_read_from_the_last_checkpoint(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "CHECKPOINT", "0")
    bodies = [said(0, "InstallSucceeded", "1.0.0"), *(said(minute) for minute in range(1, FAILURES))]
    await asyncio.gather(*(events.take(events.Signed("staging", it, NOW)) for it in bodies))
    read = list[int]()
    continued = at_time._continued

    def counting(it: Any, entries: list[Any], second: int) -> Any:
        read.append(len(entries))
        return continued(it, entries, second)

    monkeypatch.setattr(at_time, "_continued", counting)
    then = await ledger.get(f"/environments/staging?at={NOW - timedelta(minutes=11):%Y-%m-%dT%H:%M:%SZ}")
    assert then["services"][0]["attempt"]["at"] == f"{NOW - timedelta(minutes=11):%Y-%m-%dT%H:%M:%SZ}"
    assert 0 < read[0] < 200


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
