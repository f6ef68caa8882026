"""What runs where, as Flux said it, and which filed release that is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHART_DIGEST = f"sha256:{'f' * 64}"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def z(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


async def running(ledger: Served, environment: str = "staging", when: datetime | None = None) -> dict[str, Any]:
    """Place -> what GET /environments/{e} says of it."""
    query = f"?at={z(when)}" if when else ""
    state = await ledger.get(f"/environments/{environment}{query}")
    return {it["place"]: it for it in state["services"]}


async def test_a_filed_release_that_arrived(ledger: Served) -> None:
    await ledger.file(document())
    now = datetime.now(UTC)
    await ledger.say(event(at=now))
    state = await ledger.get("/environments/staging")
    assert state["environment"] == "staging"
    assert state["last_confirmed_at"] <= state["at"]
    assert state["services"] == [
        {
            "service": "orders",
            "place": "apps/orders",
            "health": "healthy",
            "since": z(now),
            "basis": "event",
            "release": {
                "version": "1.4.2",
                "build": None,
                "known": True,
                "mismatched": False,
                "image": f"ghcr.io/acme/orders@sha256:{'a' * 64}",
                "images": {"orders": f"ghcr.io/acme/orders@sha256:{'a' * 64}"},
                "commit": "c" * 40,
                "url": "/releases/orders/1.4.2",
            },
            "attempt": None,
            "health_since": z(now),
            "health_cause": "InstallSucceeded",
            "running_certain": True,
            "blocked": None,
            "given_up": False,
            "suspended_since": None,
            "unmanaged": None,
            "drift_seen_at": None,
            "reconfigured_at": None,
            "intended_image": None,
            "images": [],
            "images_seen_at": None,
            "images_unknown": None,
            "mismatches": [],
            "contested": [],
            "overridden": False,
        }
    ]
    assert await ledger.get("/environments/production", 404)


async def test_a_failed_upgrade_leaves_what_ran_and_is_told(ledger: Served) -> None:
    await ledger.say(event(at=at(0)))
    message = "Helm upgrade failed for release apps/orders with chart orders@1.5.0: timed out\n\nLast Helm logs: ..."
    await ledger.say(event("UpgradeFailed", "1.5.0", at=at(5), message=message))
    it = (await running(ledger))["apps/orders"]
    assert (it["release"]["version"], it["health"], it["since"]) == ("1.4.2", "failing", z(at(0)))
    told = {"version": "1.5.0", "outcome": "failed", "at": z(at(5)), "message": message.partition("\n")[0]}
    assert it["attempt"] == told
    await ledger.say(event("RollbackSucceeded", "1.4.2", at=at(6)))
    it = (await running(ledger))["apps/orders"]
    assert (it["health"], it["since"]) == ("healthy", z(at(0)))
    assert it["attempt"] == told | {"outcome": "rolled back"}
    await ledger.say(event("UpgradeSucceeded", "1.5.1", at=at(9)))
    it = (await running(ledger))["apps/orders"]
    assert (it["release"]["version"], it["since"], it["attempt"]) == ("1.5.1", z(at(9)), None)


async def test_a_first_install_that_failed_is_listed_and_an_uninstalled_place_is_not(ledger: Served) -> None:
    await ledger.say(event("InstallFailed", at=at(0)))
    it = (await running(ledger))["apps/orders"]
    assert (it["release"], it["since"], it["basis"], it["health"]) == (None, None, None, "failing")
    assert it["attempt"]["version"] == "1.4.2"
    await ledger.say(event("InstallSucceeded", at=at(1)))
    await ledger.say(event("UninstallSucceeded", at=at(2)))
    assert await running(ledger) == {}
    [arrival] = (await ledger.get("/environments/staging/arrivals"))["items"]
    assert (arrival["from"], arrival["until"], arrival["ended_by"]) == (z(at(1)), z(at(2)), "UninstallSucceeded")


@pytest.mark.parametrize("filed", ["before", "between", "after", "never"])
async def test_a_release_counts_whenever_it_is_filed(ledger: Served, filed: str) -> None:
    if filed == "before":
        await ledger.file(document())
    await ledger.say(event(at=at(0)))
    if filed == "between":
        await ledger.file(document())
    await ledger.say(event("TestSucceeded", at=at(1)))
    if filed == "after":
        await ledger.file(document())
    known = filed != "never"
    arrivals = (await ledger.get("/environments/staging/arrivals"))["items"]
    for release in [(await running(ledger))["apps/orders"]["release"], arrivals[0]["release"]]:
        assert (release["version"], release["known"], release["image"] is not None) == ("1.4.2", known, known)
        assert (release["commit"], release["url"]) == (("c" * 40, "/releases/orders/1.4.2") if known else (None, None))


@pytest.mark.parametrize(
    ("service", "name", "chart", "metadata", "found"),
    [
        ("orders", "orders", "orders", {}, "orders"),
        ("orders", "orders-eu", "orders", {}, "orders"),  # another name, our chart
        ("orders", "shop", "whatever", {"service": "orders"}, "orders"),  # our annotation
        ("orders", "orders", "web", {}, None),  # the chart's name says more than the HelmRelease's
        ("web", "orders", "web", {}, "web"),
        ("orders", "shop", "whatever", {}, None),
        ("orders", "orders", "orders", {"service": "web"}, None),  # the annotation says more than both
    ],
)
async def test_which_release_an_event_speaks_of(
    ledger: Served, service: str, name: str, chart: str, metadata: dict[str, str], found: str | None
) -> None:
    await ledger.file(document(service))
    message = f"Helm install succeeded for release apps/{name}.v1 with chart {chart}@1.4.2"
    await ledger.say(event(name=name, at=at(0), message=message, metadata={"revision": "1.4.2"} | metadata))
    it = (await running(ledger))[f"apps/{name}"]
    assert it["release"]["known"] is bool(found)
    assert it["service"] == (found or metadata.get("service", chart))
    of_service = (await ledger.get(f"/services/{it['service']}"))["items"]
    assert [(each["place"], each["service"]) for each in of_service] == [(f"apps/{name}", it["service"])]
    assert (await ledger.get(f"/environments/staging/arrivals?service={it['service']}"))["items"] == of_service
    arrivals = (await ledger.get(f"/releases/{service}/1.4.2"))["arrivals"]["items"]
    assert arrivals == (of_service if found else [])


async def test_a_first_install_that_failed_is_found_by_its_chart_too(ledger: Served) -> None:
    await ledger.file(document("orders"))
    message = "Helm install failed for release apps/shop with chart orders@1.4.2: timed out"
    await ledger.say(event("InstallFailed", name="shop", at=at(0), message=message))
    assert (await running(ledger))["apps/shop"]["service"] == "orders"
    assert (await running(ledger, when=at(1)))["apps/shop"]["service"] == "orders"


@pytest.mark.parametrize("prefix", ["", "helm.toolkit.fluxcd.io/"])
@pytest.mark.parametrize(("reported", "mismatched"), [(CHART_DIGEST, False), (f"sha256:{'0' * 64}", True)])
async def test_a_chart_digest_is_held_against_the_published_one(
    ledger: Served, prefix: str, reported: str, mismatched: bool
) -> None:
    """Both wire forms; the version may carry the digest's first 12 hex as build metadata."""
    await ledger.file(document())
    metadata = {f"{prefix}revision": f"1.4.2+{reported[7:19]}", f"{prefix}oci-digest": reported}
    await ledger.say(event(at=at(0), metadata=metadata))
    release = (await running(ledger))["apps/orders"]["release"]
    assert (release["version"], release["known"], release["mismatched"]) == ("1.4.2", True, mismatched)
    of_chart = await ledger.get(f"/digests/{reported}")
    assert (of_chart["kind"], len(of_chart["items"])) == ("chart", 1)
    assert (await ledger.get(f"/digests/{CHART_DIGEST}"))["items"] == ([] if mismatched else of_chart["items"])


async def test_an_environment_speaks_only_of_itself(ledger: Served) -> None:
    await ledger.say(event(at=at(0)), "production")
    await ledger.say(event(revision="1.4.3", at=at(1)), "staging")
    assert (await running(ledger, "production"))["apps/orders"]["release"]["version"] == "1.4.2"
    assert (await running(ledger, "staging"))["apps/orders"]["release"]["version"] == "1.4.3"
    names = [it["environment"] for it in (await ledger.get("/environments"))["items"]]
    assert names == ["production", "staging"]


async def test_what_ran_at_a_time(ledger: Served) -> None:
    await ledger.say(event("InstallSucceeded", "1.0.0", at=at(10)))
    await ledger.say(event("UpgradeFailed", "1.1.0", at=at(20)))
    await ledger.say(event("UpgradeSucceeded", "1.1.1", at=at(30)))
    await ledger.say(event("UninstallSucceeded", at=at(40)))
    seen = []
    for minutes in (5, 10, 15, 20, 29.99, 30, 39, 40, 99999999):
        now = (await running(ledger, when=at(minutes) if minutes < 999 else datetime(2026, 11, 1, tzinfo=UTC))).values()
        seen.append([(it["release"]["version"], it["health"], it["since"]) for it in now])
    first, second = ("1.0.0", z(at(10))), ("1.1.1", z(at(30)))
    failing, healthy = [(first[0], "failing", first[1])], [(first[0], "healthy", first[1])]
    later = [(second[0], "healthy", second[1])]
    assert seen == [[], healthy, healthy, failing, failing, later, later, [], []]


async def test_knowledge_that_comes_late_changes_what_ran(ledger: Served) -> None:
    now = datetime.now(UTC)
    await ledger.say(event(revision="2.0.0", at=now))
    await ledger.say(event(revision="1.0.0", at=now - timedelta(hours=2)))
    then = (await running(ledger, when=now - timedelta(hours=1)))["apps/orders"]
    assert (then["release"]["version"], then["basis"]) == ("1.0.0", "late")
    it = (await running(ledger))["apps/orders"]
    assert (it["release"]["version"], it["basis"]) == ("2.0.0", "event")


async def test_what_a_clock_that_is_ahead_says_is_so_now(ledger: Served) -> None:
    """Of a node of the cluster, by less than a minute: nobody waits until then to know how it is."""
    await ledger.say(event(at=datetime.now(UTC) + timedelta(seconds=50)))
    assert (await running(ledger))["apps/orders"]["health"] == "healthy"


@pytest.mark.parametrize("of", ["", "1.4.2", "1.4.2+" + "f" * 12])
async def test_a_digest_in_the_revision_is_the_charts(ledger: Served, of: str) -> None:
    """As another event names it beside the revision; so it is one arrival, and it can be found by it."""
    chart = f"Helm install succeeded for release apps/orders.v1 with chart orders@1.4.2+{'f' * 12}"
    revision = {"revision": f"{of}@{CHART_DIGEST}".removeprefix("@")}
    await ledger.say(event(at=at(0), metadata=revision, message=chart))
    both = {"revision": "1.4.2+" + "f" * 12, "oci-digest": CHART_DIGEST}
    await ledger.say(event("UpgradeSucceeded", at=at(5), resource_version=2, metadata=both))
    [arrival] = (await ledger.get("/environments/staging/arrivals"))["items"]
    assert (await ledger.get(f"/digests/{CHART_DIGEST}"))["items"] == [arrival]


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01T00:00:00Z"])
async def test_a_time_that_is_none_is_refused(ledger: Served, when: str) -> None:
    await ledger.say(event())
    assert (await ledger.http.get(f"/environments/staging?at={when}")).status_code == 400


async def test_events_of_other_kinds_and_reasons_confirm_and_change_nothing(ledger: Served) -> None:
    await ledger.say(event(at=at(0)))
    before = await ledger.get("/environments/staging")
    other = event("UpgradeSucceeded", "9.9.9", at=at(1))
    other["involvedObject"]["kind"] = "Kustomization"
    await ledger.say(other)
    await ledger.say(event("InventoryBuildFailed", "9.9.9", at=at(2)))
    after = await ledger.get("/environments/staging")
    assert after["services"] == before["services"]
    assert [it["bodies"] for it in after["unread"]] == [1, 1]
    assert after["last_confirmed_at"] > before["last_confirmed_at"]
