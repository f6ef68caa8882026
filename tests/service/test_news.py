"""What became known with an event: each arrival and each failure once, whatever is derived anew because of it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.ledger.events.news import NewArrival, NewFailure, News
from service.ledger.events.take import Signed, Taken, take
from service.ledger.events.take_snapshot import take as take_snapshot

from ..support.service.served import event

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def say(reason: str, version: str, minutes: int, environment: str = "staging", **more: str) -> Taken:
    body = json.dumps(event(reason, version, at=at(minutes), **more)).encode()
    return await take(Signed(environment, body, at(minutes)))


def arrival(version: str, minutes: int, environment: str = "staging") -> NewArrival:
    return NewArrival(environment, "apps/orders", "orders", version, at(minutes))


async def test_an_arrival_is_news_once() -> None:
    first = await say("InstallSucceeded", "1.0.0", 0)
    assert first.news == News(arrivals=(arrival("1.0.0", 0),))
    assert (await say("InstallSucceeded", "1.0.0", 0)).news == News()
    assert (await say("TestSucceeded", "1.0.0", 1)).news == News()
    assert (await say("InstallSucceeded", "1.0.0", 0, "production")).news.arrivals == (
        arrival("1.0.0", 0, "production"),
    )


async def test_a_failure_is_news_with_flux_reason_and_message() -> None:
    await say("InstallSucceeded", "1.0.0", 0)
    failed = await say("UpgradeFailed", "1.1.0", 5, message="Helm upgrade failed: timed out")
    [failure] = failed.news.failures
    assert failure == NewFailure(
        "staging", "apps/orders", "orders", "1.1.0", at(5), "UpgradeFailed", "Helm upgrade failed: timed out"
    )
    assert failed.news.arrivals == ()
    assert (await say("RollbackSucceeded", "1.0.0", 6)).news == News()  # it ran all the time
    [drift] = (await say("DriftDetected", "1.0.0", 7)).news.failures
    assert (drift.reason, drift.version) == ("DriftDetected", "1.0.0")


async def test_what_a_late_event_makes_the_ledger_derive_anew_is_no_news() -> None:
    await say("InstallSucceeded", "1.0.0", 0)
    await say("UpgradeSucceeded", "1.2.0", 20)
    await say("UpgradeFailed", "1.3.0", 30)
    late = await say("UpgradeSucceeded", "1.1.0", 10)
    assert (late.news.arrivals, late.news.failures) == ((arrival("1.1.0", 10),), ())
    assert late.news.read_again > 0


async def test_of_events_taken_together_the_first_of_an_environment_has_the_news_of_all() -> None:
    versions = [f"1.{number}.0" for number in range(5)]
    taken = await asyncio.gather(*(say("UpgradeSucceeded", it, minutes) for minutes, it in enumerate(versions)))
    known = [it.version for each in taken for it in each.news.arrivals]
    assert sorted(known) == versions
    assert [it.new for it in taken] == [True] * 5


async def test_what_an_observer_saw_is_news_unless_an_event_said_it() -> None:
    def snapshot(version: str, minutes: int) -> Signed:
        deployed = {"status": "deployed", "chartVersion": version, "lastDeployed": f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}"}
        listed = {"namespace": "apps", "name": "orders", "history": [deployed]}
        whole = {"taken_at": f"{at(minutes + 1):%Y-%m-%dT%H:%M:%SZ}", "namespaces": ["apps"], "helmreleases": [listed]}
        return Signed("staging", json.dumps(whole).encode(), at(minutes + 1))

    await say("InstallSucceeded", "1.0.0", 0)
    assert (await take_snapshot(snapshot("1.0.0", 0))).news == News()
    assert (await take_snapshot(snapshot("1.1.0", 5))).news == News(arrivals=(arrival("1.1.0", 5),))
    known = (await say("UpgradeSucceeded", "1.1.0", 6)).news  # the event of what was seen
    assert (known.arrivals, known.failures) == ((), ())
