"""The timeline is a function of the set of what was said, and what the ledger derives step by step is that function."""

import asyncio
import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.database.piccolo_conf import Engine, engine_for, use
from service.database.tables import TABLES, ArrivalImage, Checkpoint, History, Place
from service.domain import lane, reasons, snapshot
from service.domain.event import Cause
from service.domain.lane import GAP, ObjectLane, in_order
from service.domain.place import standing_in, text_of
from service.domain.state import Entry
from service.domain.timeline import at_time, lanes_of, timeline
from service.ledger.arrivals import list as arrivals
from service.ledger.environments.at_time import lanes_at
from service.ledger.events import levels, said
from service.ledger.events import take as events
from service.ledger.events import take_snapshot as snapshots
from service.ledger.rows import PlaceKey

from ..support.service import pooler
from ..support.service.sizes import size
from ..support.service.stories import BEGINNING, A, E, L, Told, condition, image, revision

pytestmark = pytest.mark.long

REASONS = sorted(reasons.REASONS)
UIDS = ["u1", "u1", "u1", "u2", "u3", ""]
TIMES = st.sampled_from([0, 1, 1, 2, 3, 60, 100, 101, 3000, 9000, 9001, 20000, 100_000, 200_000])
VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "1.1.0+b1"])
NUMBERS = st.sampled_from([1, 2, 3, 9, 10, 100])
DIGEST = f"ghcr.io/acme/orders@sha256:{'a' * 64}"
START = int(BEGINNING.timestamp())


def _event(at: int, reason: str, version: str, rv: int, uid: str, lag: int, image: str | None) -> Told:
    metadata = {"image": image} if image else {}
    return E(at, reason, version, rv=rv, uid=uid, lag=lag, metadata=metadata)


def _level(
    at: int,
    version: str,
    status: str,
    rv: int,
    uid: str,
    ready: tuple[str, str],
    more: dict[str, Any],
    cluster: str = "",
) -> Told:
    history = [revision(2, status, version, max(0, at - 50)), revision(1, "deployed", "1.0.0", max(0, at - 60))]
    return L(at, *history, rv=rv, uid=uid, ready=(*ready, max(0, at - 40)), **more, cluster=cluster)


CLUSTERS = st.sampled_from(["", "", "eu", "us"])
LAGS = st.sampled_from([1, 1, 301, -100])
EVENTS = st.builds(
    _event,
    TIMES,
    st.sampled_from([*REASONS, "UpgradeSucceeded", "UpgradeSucceeded", "UpgradeFailed"]),
    VERSIONS,
    NUMBERS,
    st.sampled_from(UIDS),
    LAGS,
    st.sampled_from([None, DIGEST]),
)
LEVELS = st.builds(
    _level,
    TIMES,
    VERSIONS,
    st.sampled_from(["deployed", "failed", "uninstalled", "pending-upgrade"]),
    NUMBERS,
    st.sampled_from(UIDS),
    st.sampled_from([("True", "UpgradeSucceeded"), ("False", "UpgradeFailed"), ("False", "SourceNotReady")]),
    st.sampled_from(
        [
            {},
            {"suspended": True},
            {"generation": 2},
            {"conditions": [condition("Reconciling", "True", "Progressing", 1)]},
            {"images": [image(DIGEST.replace("a" * 64, "b" * 64))]},
        ]
    ),
    CLUSTERS,
)
# Which events of all a lane is kept after: by the beginning of their SHA-256.
CHECKPOINTS = st.sampled_from([lane.CHECKPOINT, "", tuple("01234567")])
TOLD = st.lists(EVENTS | EVENTS | LEVELS | st.builds(A, TIMES, cluster=CLUSTERS), min_size=1, max_size=9)


def entry_of(it: Told) -> list[Entry]:
    sha256 = hashlib.sha256(it.body).hexdigest()
    if not it.door:
        entry = reasons.event_entry(it.body, sha256, it.received)
        return [] if isinstance(entry, Cause) else [entry]
    sight = snapshot.parse(it.body, it.received)
    assert not isinstance(sight, Cause)
    found = [
        entry
        for seen in sight.levels
        for entry in snapshot.level_entries(
            seen.place, levels._encode(seen.level), sha256, [(sight.at, seen.resource_version)]
        )
    ]
    return found or list(snapshot.level_entries("apps/orders", sight.cluster.encode(), sha256, [(sight.at, "")]))


@settings(max_examples=size(150, 20_000), deadline=None)
@given(told=TOLD, data=st.data())
def test_the_order_is_total_whatever_order_the_entries_come_in(told: list[Told], data: st.DataObject) -> None:
    entries = [entry for it in {(it.door, it.body): it for it in told}.values() for entry in entry_of(it)]
    shuffled = data.draw(st.permutations(entries))
    assert lanes_of(shuffled) == lanes_of(entries)
    for _, ordered in lanes_of(entries):
        # One list, so of any three entries the order is transitive; and what is in order stays so.
        assert in_order(ordered, ObjectLane()) == ordered
        assert len({id(it) for it in ordered}) == len(ordered)
    assert timeline(shuffled) == timeline(entries)
    for arrival in timeline(entries).arrivals:
        assert arrival.until is None or arrival.until >= arrival.running.since


ENTRIES = st.builds(
    Entry,
    place=st.just("apps/orders"),
    uid=st.sampled_from(["", "u1", "u2"]),
    resource_version=st.just("") | st.integers(1, 12).map(str) | st.integers(1, 2**128 - 1).map(str),
    at=st.integers(0, 9) | st.sampled_from([3600, 3601, 7300, 90_000, 200_000]) | st.integers(0, 2**33),
    rank=st.integers(0, 9),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    effect=st.sampled_from([each for each in {it.effect for it in reasons.REASONS.values()} if each]),
    cause=st.sampled_from(REASONS),
    basis=st.sampled_from(["event", "late", "snapshot", "absence"]),
    version=VERSIONS.map(lambda it: it.partition("+")[0]),
    build=st.sampled_from([None, "b1"]),
)


@settings(max_examples=size(300, 20_000), deadline=None)
@given(entries=st.lists(ENTRIES, max_size=12, unique_by=lambda it: it.sha256[:16]), data=st.data())
def test_the_order_of_arbitrary_entries_is_total(entries: list[Entry], data: st.DataObject) -> None:
    """Each lane is one list, whatever comes first: so of any three entries the order is transitive."""
    whole = lanes_of(entries)
    assert lanes_of(data.draw(st.permutations(entries))) == whole
    assert timeline(data.draw(st.permutations(entries))) == timeline(entries)
    for _, ordered in whole:
        assert in_order(ordered, ObjectLane()) == ordered
        # One cluster gives versions in their order: where nothing begins anew, they alone decide.
        versions = [(len(it.resource_version), it.resource_version) for it in ordered if it.resource_version]
        times = sorted(it.at for it in ordered if it.resource_version)
        if all(later - earlier <= GAP for earlier, later in pairwise(times)):
            assert versions == sorted(versions)


@pytest.fixture
def runner(database_url: str) -> Iterator[tuple[asyncio.Runner, Engine]]:
    with asyncio.Runner() as runner:
        engine = use(engine_for(database_url, pooler=pooler.MODE))
        runner.run(engine.start())
        yield runner, engine
        runner.run(engine.stop())


@pytest.mark.torture
def test_what_is_derived_step_by_step_is_the_timeline_of_the_whole(
    runner: tuple[asyncio.Runner, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, engine = runner

    @settings(max_examples=size(40, 5_000), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(told=TOLD, checkpoints=CHECKPOINTS)
    def run(told: list[Told], checkpoints: str | tuple[str, ...]) -> None:
        monkeypatch.setattr(lane, "CHECKPOINT", checkpoints)
        loop.run(_compare(engine, told))

    run()


def test_what_two_observers_see_in_one_second_is_told_apart(runner: tuple[asyncio.Runner, Engine]) -> None:
    """The same level, at two versions of the object."""
    loop, engine = runner
    denied = [_event(at, "AccessDenied", "1.0.0", rv, "u1", 1, None) for at, rv in ((0, 1), (1, 2))]
    seen = [
        _level(1, "1.0.0", "deployed", rv, "u1", ("False", "UpgradeFailed"), {"observedGeneration": 1}) for rv in (2, 1)
    ]
    loop.run(_compare(engine, [*denied, *seen]))


def test_what_names_no_object_may_begin_an_arrival_of_each(runner: tuple[asyncio.Runner, Engine]) -> None:
    """As older observers tell it, where two clusters report as one place."""
    loop, engine = runner
    one, other = (_event(at, "InstallSucceeded", "1.0.0", 1, uid, 1, None) for at, uid in ((3000, "u1"), (3000, "u2")))
    again = _event(9000, "InstallSucceeded", "1.0.0", 1, "u1", 1, None)
    seen = _level(9001, "1.1.0", "deployed", 1, "", ("True", "UpgradeSucceeded"), {})
    loop.run(_compare(engine, [one, other, again, seen]))


def test_what_ran_at_a_checkpoint_may_have_ended_since(
    runner: tuple[asyncio.Runner, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, engine = runner
    monkeypatch.setattr(lane, "CHECKPOINT", "")
    loop.run(_compare(engine, [_event(0, "InstallSucceeded", "1.0.0", 1, "u1", 1, None), A(2), A(1)]))


def test_that_a_place_was_contested_stays_as_it_was_told(runner: tuple[asyncio.Runner, Engine]) -> None:
    """Whatever the one that is left does later."""
    loop, engine = runner
    denied = [
        _event(at, "AccessDenied", "1.0.0", 1, uid, 1, None) for at, uid in ((0, "u2"), (20_000, "u2"), (200_000, "u1"))
    ]
    seen = [
        _level(at, "1.0.0", status, rv, "u1", ("True", "UpgradeSucceeded"), {})
        for at, status, rv in ((9001, "deployed", 1), (200_000, "uninstalled", 2))
    ]
    loop.run(_compare(engine, [*denied, *seen]))


def test_absence_that_is_not_about_one_object_may_be_about_the_next(runner: tuple[asyncio.Runner, Engine]) -> None:
    loop, engine = runner
    one, other = (_event(at, "AccessDenied", "1.0.0", 1, uid, 1, None) for at, uid in ((0, "u1"), (1, "u2")))
    seen = _level(0, "1.0.0", "deployed", 1, "u1", ("True", "UpgradeSucceeded"), {}, "eu")
    loop.run(_compare(engine, [A(1), one, seen, other]))


async def _compare(engine: Engine, told: list[Told]) -> None:
    async with engine.transaction():
        for table in reversed(TABLES):
            await table.delete(force=True)
    for number, it in enumerate(told):
        await (snapshots if it.door else events).take(events.Signed("staging", it.body, it.received))
        key = PlaceKey("staging", "apps/orders")
        entries = await said.entries_between(key)
        if not entries:
            continue
        whole = timeline(entries)
        step = [(each.door, each.body.decode()) for each in told[: number + 1]]
        kept = await Place.select(Place.state).where(Place.environment == "staging")
        assert _comparable(kept[0]["state"]) == _comparable(text_of(whole.lanes)), step
        listed = (await arrivals.in_environment("staging", limit=100)).items
        assert [
            (
                it.release.version,
                int(it.from_.timestamp()),
                it.until and int(it.until.timestamp()),
                it.basis,
                it.ended_by,
            )
            for it in reversed(listed)
        ] == [(it.running.version, it.running.since, it.until, it.basis, it.ended_by) for it in whole.arrivals], step
        images = await ArrivalImage.select(ArrivalImage.position, ArrivalImage.digest, ArrivalImage.seen)
        assert {tuple(it.values()) for it in images} == {(it.position, it.digest, it.seen) for it in whole.images}, step
        marks = await Checkpoint.select(Checkpoint.position, Checkpoint.state)
        assert {it["position"] for it in marks} == {it.position for it in whole.checkpoints}, step
        stood = [(it.position, _comparable(text_of((it.lane,)))) for it in whole.checkpoints]
        assert all((it["position"], _comparable(it["state"])) in stood for it in marks), step
        occurred = await History.select(History.position, History.after, History.kind, History.at, History.cause)
        assert sorted(tuple(it.values()) for it in occurred) == sorted(
            (it.position, it.after, it.it.kind, it.it.at, it.it.cause) for it in whole.occurred
        ), step
        for second in (START, START + 1, START + 100, START + 9000, START + 150_000):
            [lanes] = [lanes async for piece in lanes_at("staging", second) for _, lanes in piece]
            then = at_time(entries, second)
            assert [(it.uid, it.state) for it in lanes] == [(it.uid, it.state) for it in then], (second, step)


def _comparable(text: str) -> Any:
    """Without what only helps to continue: of equal levels that were seen in between, nothing is kept."""
    standing = standing_in(text)
    assert standing is not None
    return [
        (it.uid, it.first, it.last, it.key, it.loose, it.high, it.turned, it.turns, it.state) for it in standing.lanes
    ]
