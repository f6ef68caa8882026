"""What an observer saw finds again what was lost, ends what is gone, and agrees with the events in any order."""

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Arrival, Environment, Event, Level, Listing, Place
from service.ledger.events import projection
from service.ledger.events.rebuild import rebuild
from service.ledger.rows import PlaceKey

from ..support.service import snapshots
from ..support.service.served import Served, document, event
from ..support.service.sizes import size
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's own: what is told minutes after its time counts as late."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC).replace(microsecond=0))


def ago(seconds: int) -> datetime:
    return NOW - timedelta(seconds=seconds)


def snapshot(*history: dict[str, Any], taken: datetime | None = None, namespaces: tuple[str, ...] = ("apps",)) -> bytes:
    return snapshots.snapshot(*history, taken=taken or NOW, namespaces=namespaces)


async def arrivals(ledger: Served) -> list[tuple[str, str, str | None, str, str | None]]:
    items = (await ledger.get("/environments/staging/arrivals"))["items"]
    return [(it["release"]["version"], it["from"], it["until"], it["basis"], it["ended_by"]) for it in items]


async def test_with_every_event_lost_one_snapshot_makes_the_present_right(ledger: Served) -> None:
    assert (await ledger.file(document())).status_code == 201
    assert (await see(ledger, snapshot(deployed("1.4.2", ago(90_000))))).status_code == 201
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["service"], standing["place"], standing["health"]) == ("orders", "apps/orders", "healthy")
    assert (standing["since"], standing["basis"]) == (written(ago(90_000)), "snapshot")
    assert (standing["release"]["version"], standing["release"]["known"]) == ("1.4.2", True)
    confirmed = (await ledger.get("/environments/staging"))["last_confirmed_at"]
    assert datetime.fromisoformat(confirmed) >= NOW


async def test_what_an_event_says_too_is_the_events(ledger: Served) -> None:
    """Helm's time is that of the upgrade's beginning, minutes before it succeeded."""
    await ledger.say(event("InstallSucceeded", "1.4.1", at=ago(9000)))
    await ledger.say(event("UpgradeSucceeded", "1.4.2", at=ago(100)))
    before = await arrivals(ledger)
    assert (await see(ledger, snapshot(deployed("1.4.2", ago(280))))).status_code == 201
    assert await arrivals(ledger) == before
    assert before[0] == ("1.4.2", written(ago(100)), None, "event", None)


async def test_what_an_event_said_without_a_digest_is_not_cut_by_one(ledger: Served) -> None:
    await ledger.say(event("UpgradeSucceeded", "1.4.2", at=ago(100)))
    before = await arrivals(ledger)
    await see(ledger, snapshot(deployed("1.4.2", ago(90), ociDigest=f"sha256:{'9' * 64}"), taken=ago(60)))
    assert await arrivals(ledger) == before


@pytest.mark.long
async def test_the_order_in_which_facts_arrive_cannot_matter(ledger: Served) -> None:
    """Some of it is lost but for the snapshots, some is told twice."""
    first, second = event("InstallSucceeded", "1.4.1", at=ago(200)), event("UpgradeSucceeded", "1.4.2", at=ago(100))
    failed = event("UpgradeFailed", "1.4.3", at=ago(30))
    seen = [snapshot(deployed("1.4.1", ago(230)), taken=ago(150)), snapshot(deployed("1.4.2", ago(130)), taken=ago(60))]
    ends = set()
    orders = list(itertools.permutations([first, second, failed, *seen]))
    for order in random.Random(5).sample(orders, size(20, len(orders))):  # noqa: S311
        for table in (Arrival, Place, Event, Environment, Level, Listing):
            await table.delete(force=True)
        for fact in order:
            answer = await (see(ledger, fact) if isinstance(fact, bytes) else ledger.say(fact))
            assert answer.status_code == 201
        [standing] = (await ledger.get("/environments/staging"))["services"]
        ends.add(json.dumps([standing, await arrivals(ledger)]))
    assert len(ends) == 1
    [end] = ends
    assert json.loads(end)[1] == [
        ["1.4.2", written(ago(100)), None, "event", None],
        ["1.4.1", written(ago(200)), written(ago(100)), "event", "UpgradeSucceeded"],
    ]
    assert json.loads(end)[0]["attempt"]["version"] == "1.4.3"


async def test_a_roll_back_that_an_observer_saw_keeps_its_failed_attempt(ledger: Served) -> None:
    await ledger.say(event("InstallSucceeded", "1.4.1", at=ago(280)))
    await ledger.say(event("UpgradeFailed", "1.4.2", at=ago(100)))
    await see(ledger, snapshot(deployed("1.4.1", ago(90)), {"status": "failed", "chartVersion": "1.4.2", "chartName":
              "orders", "lastDeployed": written(ago(200))}))  # fmt: skip
    await ledger.say(event("RollbackSucceeded", "1.4.1", at=ago(80)))
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["release"]["version"], standing["since"]) == ("1.4.1", written(ago(280)))
    assert (standing["attempt"]["version"], standing["attempt"]["outcome"]) == ("1.4.2", "rolled back")


async def test_a_success_that_an_observer_saw_ends_the_attempt_before_it(ledger: Served) -> None:
    await ledger.say(event("InstallSucceeded", "1.4.1", at=ago(280)))
    await ledger.say(event("UpgradeFailed", "1.4.2", at=ago(100)))
    await ledger.say(event("RollbackSucceeded", "1.4.1", at=ago(90)))
    await see(ledger, snapshot(deployed("1.4.3", ago(60))))
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["release"]["version"], standing["attempt"], standing["health"]) == ("1.4.3", None, "healthy")


async def test_a_place_that_is_gone_has_ended_unless_its_namespace_was_not_read(ledger: Served) -> None:
    await ledger.say(event(at=ago(280)))
    assert (await see(ledger, snapshot(taken=ago(60), namespaces=("other",)))).status_code == 201
    assert (await arrivals(ledger))[0][2] is None
    assert (await see(ledger, snapshot(taken=ago(30)))).status_code == 201
    assert await arrivals(ledger) == [("1.4.2", written(ago(280)), written(ago(30)), "absence", "absent")]
    [left] = (await ledger.get("/environments/staging"))["services"]
    assert (left["release"], left["health"], left["health_cause"]) == (None, "unknown", "absent")
    assert left["unmanaged"] == {"version": "1.4.2", "since": written(ago(30))}
    at = written(ago(100))
    assert (await ledger.get(f"/environments/staging?at={at}"))["services"][0]["release"]["version"] == "1.4.2"
    await ledger.say(event(at=ago(10), resource_version=5))
    assert (await arrivals(ledger))[0] == ("1.4.2", written(ago(10)), None, "event", None)


async def test_a_repeat_is_answered_with_its_first_receipt_and_the_same_facts_are_kept_once(ledger: Served) -> None:
    body = snapshot(deployed("1.4.2", ago(100)), taken=ago(60))
    first, again = await see(ledger, body), await see(ledger, body)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    rows = await Event.count()
    assert (await see(ledger, snapshot(deployed("1.4.2", ago(100)), taken=ago(30)))).status_code == 201
    assert await Event.count() == rows + 1
    assert len(await Arrival.select()) == 1


async def test_the_chart_digest_of_an_oci_repository_is_compared(ledger: Served) -> None:
    await ledger.file(document())
    digest = f"sha256:{'9' * 64}"
    await see(ledger, snapshot(deployed("1.4.2+999999999999", ago(100), ociDigest=digest)))
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["release"]["version"], standing["release"]["mismatched"]) == ("1.4.2", True)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"taken_at": "yesterday", "namespaces": [], "helmreleases": []}'])
async def test_a_signed_body_that_is_no_snapshot_is_refused_and_counted(ledger: Served, body: bytes) -> None:
    await ledger.say(event())
    answer = await see(ledger, body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Let `waybill-service observe` post here")
    assert await Event.count() == 1
    [unread] = (await ledger.get("/environments/staging"))["unread"]
    assert unread["bodies"] == 1


async def test_each_door_names_the_other(ledger: Served) -> None:
    """Nothing is kept at the wrong one, so what Flux sends again at the right one counts."""
    said, seen = event(), snapshot(deployed("1.4.2", ago(100)))
    wrong = await see(ledger, json.dumps(said).encode())
    assert (wrong.status_code, wrong.json()["detail"].split(": ")[0]) == (
        422,
        "Send events of Flux to /hooks/flux/staging",
    )
    wrong = await ledger.say(seen)
    assert (wrong.status_code, wrong.json()["detail"].split(": ")[0]) == (
        422,
        "Send an observer's snapshots to /hooks/flux/staging/snapshot",
    )
    assert await Event.count() == 0
    assert (await ledger.say(said)).status_code == (await see(ledger, seen)).status_code == 201
    assert len((await ledger.get("/environments/staging"))["services"]) == 1


async def test_a_helmrelease_that_cannot_be_read_is_counted_and_stops_no_other(ledger: Served) -> None:
    await ledger.say(event(name="orders", at=ago(280)))
    await ledger.say(event(name="web", at=ago(280)))
    listed = [
        {"namespace": "apps", "name": "orders", "history": "none"},
        {"namespace": "apps", "name": "web", "history": [deployed("2.0.0", ago(100)), {"status": "x"}]},
        {
            "namespace": "apps",
            "name": "new",
            "history": [deployed("2.0.0", ago(100)), deployed("1.0.0", ago(900), lastDeployed=None)],
        },
    ]
    whole = {"taken_at": written(ago(60)), "namespaces": ["apps"], "helmreleases": listed}
    assert (await see(ledger, json.dumps(whole).encode())).status_code == 201
    answer = await ledger.get("/environments/staging")
    runs = {it["place"]: it["release"]["version"] for it in answer["services"]}
    assert runs == {"apps/orders": "1.4.2", "apps/web": "1.4.2", "apps/new": "2.0.0"}
    assert [(it["cause"], it["bodies"]) for it in answer["unread"]] == [
        ("a HelmRelease of a snapshot that cannot be read", 2)
    ]


async def test_absence_is_judged_within_each_range(ledger: Served) -> None:
    """A large namespace comes in several bodies."""
    for name in ("alpha", "beta", "gamma"):
        await ledger.say(event(name=name, at=ago(280)))

    async def part(begins: str, ends: str, seconds: int, *names: str) -> None:
        listed = [{"namespace": "apps", "name": name, "history": []} for name in names]
        ranges = [{"namespace": "apps", "from": begins, "until": ends}]
        whole = {"taken_at": written(ago(seconds)), "ranges": ranges, "helmreleases": listed}
        assert (await see(ledger, json.dumps(whole).encode())).status_code == 201

    async def gone() -> list[str]:
        services = (await ledger.get("/environments/staging"))["services"]
        return [it["place"] for it in services if it["unmanaged"]]

    await part("", "beta", 100, "alpha")
    assert await gone() == []
    await part("beta", "", 90, "gamma")
    assert await gone() == ["apps/beta"]
    await part("", "", 80, "alpha", "gamma")
    await ledger.say(event(name="delta", at=ago(200)))  # heard of later than the list without it
    assert await gone() == ["apps/beta", "apps/delta"]


async def test_lists_of_names_that_are_not_renewed_are_forgotten(ledger: Served) -> None:
    """The parts of a large namespace begin elsewhere with each round."""

    async def part(seconds: int, begins: str, ends: str) -> None:
        ranges = [{"namespace": "apps", "from": begins, "until": ends}]
        whole = {"taken_at": written(ago(seconds)), "ranges": ranges, "helmreleases": []}
        assert (await see(ledger, json.dumps(whole).encode())).status_code == 201

    for begins, ends in (("", "b"), ("b", "m"), ("m", "")):
        await part(9000, begins, ends)
    await part(3000, "", "c")
    assert {it["begins"] for it in await Listing.select()} == {"", "m"}
    await part(2900, "c", "")
    assert {(it["begins"], it["ends"]) for it in await Listing.select()} == {("", "c"), ("c", "")}


async def test_equal_levels_are_kept_once_at_their_beginning_and_their_end(ledger: Served) -> None:
    for seconds in (90, 60, 30, 10):
        await see(ledger, snapshot(deployed("1.4.2", ago(100)), taken=ago(seconds)))
    [kept] = await Level.select()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (kept["first_at"], kept["last_at"]) == tuple(int((ago(it) - epoch).total_seconds()) for it in (90, 10))


async def test_two_observers_of_one_place_cost_no_more_the_longer_they_look(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of two clusters that share a key; and Flux of both speaks, too."""
    derived, derive = list[PlaceKey](), projection.derive

    async def counted(key: PlaceKey, changes: Any) -> None:
        derived.append(key)
        await derive(key, changes)

    monkeypatch.setattr(projection, "derive", counted)
    for number in range(40):
        for uid, version in (("one", "1.4.2"), ("other", "1.4.1")):
            it = {"namespace": "apps", "name": "orders", "uid": uid, "resourceVersion": str(number + 1)}
            it |= {"conditions": [], "history": [deployed(version, ago(9000))]}
            whole = {"taken_at": written(ago(4000 - 100 * number)), "namespaces": ["apps"], "helmreleases": [it]}
            await see(ledger, json.dumps(whole).encode())
        if number == 1:
            begun = len(derived)
    assert len(derived) == begun
    assert await Level.count() <= 4
    for number in range(10):
        for uid in ("one", "other"):
            failed = event("UpgradeFailed", "1.5.0", at=NOW, resource_version=100 + number)
            failed["involvedObject"]["uid"] = uid
            await ledger.say(failed | {"message": f"{uid} {number}"})
    assert len(derived) == begun
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["health_cause"], len(standing["contested"])) == ("contested", 2)
    before = await ledger.get("/history")
    await rebuild()
    assert await ledger.get("/history") == before


async def test_images_that_were_too_many_are_not_passed_over_in_silence(ledger: Served) -> None:
    digest = f"sha256:{'a' * 64}"
    images = [{"workload": "Deployment/orders", "container": f"c{n}", "asked": f"x/y@{digest}"} for n in range(501)]
    listed = {"namespace": "apps", "name": "orders", "history": [deployed("1.4.2", ago(100))], "images": images}
    whole = {"taken_at": written(NOW), "namespaces": ["apps"], "helmreleases": [listed]}
    await see(ledger, json.dumps(whole).encode())
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (len(it["images"]), it["images_unknown"]) == (500, "it has more than 500 images")


async def test_an_unsigned_snapshot_is_refused(ledger: Served) -> None:
    body = snapshot(deployed("1.4.2", ago(100)))
    answer = await ledger.http.post("/hooks/flux/staging/snapshot", content=body, headers={"X-Signature": "sha256=0"})
    assert answer.status_code == 401
    assert await Event.count() == 0
