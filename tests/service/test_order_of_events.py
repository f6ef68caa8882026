"""Eight events, told in every order: one end, and it is the one that the story has."""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, permutations
from math import factorial
from typing import Any

import pytest

from service.database.piccolo_conf import Engine
from service.database.tables import Place
from service.domain.reasons import event_entry
from service.domain.timeline import timeline
from service.ledger.arrivals import list as arrivals
from service.ledger.environments import state as environments
from service.ledger.events import take as events

from ..support.service.served import event
from ..support.service.sizes import size

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOGETHER = 120  # orders of one story that are told side by side, each in an environment of its own
Told = tuple[int, str, str]  # seconds after BEGINNING, reason, revision


# What is told; the arrivals (version, from, until, ended by); what runs in the end, its health and the attempt.
STORIES: dict[str, tuple[Sequence[Told], list[tuple[str, int, int | None, str | None]], tuple[Any, ...]]] = {
    "a failed upgrade is rolled back, tried again, and replaced": (
        [
            (0, "InstallSucceeded", "1.0.0"),
            (60, "UpgradeFailed", "1.1.0"),
            (60, "RollbackSucceeded", "1.0.0"),
            (300, "UpgradeFailed", "1.1.0"),
            (301, "RollbackSucceeded", "1.0.0"),
            (600, "UpgradeSucceeded", "1.2.0"),
            (700, "UpgradeSucceeded", "1.2.0"),  # other values, the same revision
            (900, "UpgradeFailed", "1.3.0"),
        ],
        [("1.0.0", 0, 600, "UpgradeSucceeded"), ("1.2.0", 600, None, None)],
        ("1.2.0", "failing", ("1.3.0", "failed", 900)),
    ),
    "an upgrade fails its test, gives way, comes back, and is uninstalled": (
        [
            (0, "InstallFailed", "1.0.0"),
            (30, "InstallSucceeded", "1.0.0"),
            (90, "UpgradeSucceeded", "1.1.0"),
            (95, "TestFailed", "1.1.0"),
            (99, "RollbackSucceeded", "1.0.0"),
            (500, "UpgradeSucceeded", "1.1.0"),
            (700, "DriftDetected", ""),
            (800, "UninstallSucceeded", "1.1.0"),
        ],
        [
            ("1.0.0", 30, 90, "UpgradeSucceeded"),
            ("1.1.0", 90, 99, "RollbackSucceeded"),
            ("1.0.0", 99, 500, "UpgradeSucceeded"),
            ("1.1.0", 500, 800, "UninstallSucceeded"),
        ],
        (None, "unknown", None),
    ),
    "all within one second, of one resourceVersion": (
        [
            (7, "UpgradeFailed", "1.0.0"),
            (7, "UpgradeSucceeded", "2.0.0"),
            (7, "RollbackSucceeded", "1.0.0"),
            (7, "TestFailed", "2.0.0"),  # of what no longer runs
            (7, "DriftDetected", ""),
            (7, "DriftCorrected", ""),
            (7, "HealthCheckCanceled", "2.0.0"),
            (0, "InstallSucceeded", "1.0.0"),
        ],
        [
            ("1.0.0", 0, 7, "UpgradeSucceeded"),
            ("2.0.0", 7, 7, "RollbackSucceeded"),
            ("1.0.0", 7, None, None),
        ],
        ("1.0.0", None, ("2.0.0", "rolled back", 7)),  # drift events of one moment: their bytes decide
    ),
}
each_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


def bodies(told: Sequence[Told]) -> list[tuple[bytes, datetime]]:
    """Each event's bytes and when they are received, one second after their time."""
    found = []
    for seconds, reason, revision in told:
        at = BEGINNING + timedelta(seconds=seconds)
        metadata = {"revision": revision} if revision else {}
        found.append(
            (json.dumps(event(reason, revision, at=at, metadata=metadata)).encode(), at + timedelta(seconds=1))
        )
    return found


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - BEGINNING).total_seconds())


@each_story
def test_every_order_gives_one_timeline(story: Any) -> None:
    told, ran, (version, health, attempt) = story
    entries = [event_entry(body, hashlib.sha256(body).hexdigest(), received) for body, received in bodies(told)]
    known = [it for it in entries if it is not None]
    first = timeline(known)
    tried = 0
    for order in permutations(known):
        assert timeline(order) == first
        tried += 1
    assert tried == factorial(len(known))
    arrivals, state = first
    start = int(BEGINNING.timestamp())
    assert [
        (it.running.version, it.running.since - start, None if it.until is None else it.until - start, it.ended_by)
        for it in arrivals
    ] == ran
    assert (state.running and state.running.version) == version
    assert health in (None, state.health)
    assert (state.attempt and (state.attempt.version, state.attempt.outcome, state.attempt.at - start)) == attempt


@pytest.mark.anyio
@pytest.mark.torture
@each_story
async def test_every_order_gives_one_ledger(
    database: Engine, story: Any, record_property: Callable[[str, str], None]
) -> None:
    """Events are taken one by one, so that each order rewinds what was derived in its own way."""
    told, ran, (version, _, attempt) = story
    said = bodies(told)
    chosen = size(TOGETHER, factorial(len(said)))
    orders = list(islice(shuffled(len(said)), chosen))
    ends = set()
    for begin in range(0, len(orders), TOGETHER):
        some = {f"e{begin + number}": order for number, order in enumerate(orders[begin : begin + TOGETHER])}
        for step in range(len(said)):
            taken = [events.Signed(name, *said[order[step]]) for name, order in some.items()]
            await asyncio.gather(*(events.take(it) for it in taken))
        for name in some:
            ends.add(await end(name))
    assert len(ends) == 1
    [(arrived, standing, _)] = ends
    assert list(arrived) == [(*it, "observed") for it in reversed(ran)]
    assert standing[:1] + standing[2:] == (version, attempt) if standing else version is None
    record_property("figure", f"{len(orders)} orders of {len(said)} events, one end")


def shuffled(length: int) -> Any:
    """Every order, the same in each run, those that differ much first."""
    every = list(permutations(range(length)))
    random.Random(length).shuffle(every)  # noqa: S311 - a seed, so that a failure repeats
    return every


async def end(environment: str) -> Any:
    """All that the ledger says of the environment's only place, and what it keeps of it."""
    listed = (await arrivals.in_environment(environment)).items
    state = await environments.state_of(environment)
    assert state is not None
    [kept] = await Place.select(Place.position, Place.state).where(Place.environment == environment)
    standing = [
        (
            it.release and it.release.version,
            it.health,
            it.attempt and (it.attempt.version, it.attempt.outcome, seconds(it.attempt.at)),
        )
        for it in state.services
    ]
    told = [(it.release.version, seconds(it.from_), seconds(it.until), it.ended_by, it.basis) for it in listed]
    return tuple(told), standing[0] if standing else None, (kept["position"], kept["state"])
