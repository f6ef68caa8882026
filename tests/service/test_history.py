"""The history tells, as one stream, what events, snapshots and filings told, whatever order they came in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Environment
from service.ledger.events.rebuild import rebuild

from ..support.service.life import FAILED_AND_HEALED, TRUTH, tell
from ..support.service.pages import pages
from ..support.service.served import Served, document, event, gitops, served
from ..support.service.snapshots import see, written
from ..support.service.stories import HOTFIX, IMAGE, REPOSITORY, E, L, condition, image, revision, z

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = ("True", "InstallSucceeded", 10)
V1, V2_FAILED = revision(1, "deployed", "1.0.0", 0), revision(2, "failed", "1.1.0", 90)


async def stream(ledger: Served, query: str = "") -> list[dict[str, Any]]:
    return [it for page in await pages(ledger, f"/history?{query}", 3) for it in page]


async def kinds(ledger: Served, query: str = "") -> list[tuple[str, str | None]]:
    """Oldest first."""
    return [(it["kind"], it["version"]) for it in reversed(await stream(ledger, query))]


async def test_a_life_is_told_in_its_order_whatever_order_it_came_in(ledger: Served) -> None:
    for environment, told in (("staging", FAILED_AND_HEALED), ("production", FAILED_AND_HEALED[::-1] * 2)):
        await tell(ledger, told, environment)
    for environment in ("staging", "production"):
        found = await kinds(ledger, f"environment={environment}")
        assert sorted(found) == sorted(TRUTH)
        assert [it for it in found if it[0] not in ("recovered", "unblocked")] == [
            it for it in TRUTH if it[0] not in ("recovered", "unblocked")
        ]
    before = await stream(ledger)
    assert await rebuild() == 2
    assert await stream(ledger) == before
    assert len(before) == 2 * len(TRUTH)


async def test_an_item_says_what_when_where_and_whence(ledger: Served) -> None:
    await ledger.file(document("orders", "1.1.0"))
    await tell(ledger, FAILED_AND_HEALED[:3])
    rolled_back, recovered, failed, arrived = sorted(
        await stream(ledger), key=lambda it: ["rolled_back", "recovered", "failed", "arrived"].index(it["kind"])
    )
    assert failed.pop("id") != arrived["id"]
    assert failed == {
        "when": z(100),
        "kind": "failed",
        "environment": "staging",
        "place": "apps/orders",
        "service": "orders",
        "version": "1.1.0",
        "build": None,
        "to": None,
        "known": True,
        "digests": {"chart": f"sha256:{'f' * 64}", "images": {"orders": f"ghcr.io/acme/orders@sha256:{'a' * 64}"}},
        "mismatches": [],
        "cause": "UpgradeFailed",
        "message": "Helm upgrade failed for release apps/orders: timed out",
        "source": "event",
        "basis": "late",
        "proposal": None,
        "url": "/releases/orders/1.1.0",
        "range": None,
    }
    assert (arrived["known"], arrived["url"]) == (False, "/environments/staging/arrivals?service=orders")
    assert arrived["digests"] == {"chart": None, "images": {}}
    assert (rolled_back["version"], rolled_back["to"], rolled_back["cause"]) == ("1.1.0", "1.0.0", "RollbackSucceeded")
    for it in (failed, arrived, recovered):
        assert (await ledger.http.get(it["url"])).status_code == 200


async def test_filters_and_pages(ledger: Served) -> None:
    await tell(ledger, FAILED_AND_HEALED)
    await tell(ledger, FAILED_AND_HEALED[:2], "production")
    await ledger.say(event(name="web", at=NOON + timedelta(seconds=50)))
    assert await kinds(ledger, "kind=failed") == [("failed", "1.1.0")] * 2
    assert await kinds(ledger, "environment=production") == [("arrived", "1.0.0"), ("failed", "1.1.0")]
    assert await kinds(ledger, "service=web") == [("arrived", "1.4.2")]
    assert await kinds(ledger, "service=web&environment=production") == []
    assert await kinds(ledger, "service=orders&environment=staging&kind=removed") == [("removed", "1.2.0")]
    assert await kinds(ledger, f"environment=staging&from={z(400)}&to={z(500)}") == [("reconfigured", "1.2.0")]
    for limit in (1, 2, 5, 200):
        joined = [it for page in await pages(ledger, "/history", limit) for it in page]
        assert joined == await stream(ledger)
        assert len({it["id"] for it in joined}) == len(joined) == 14


async def test_what_only_an_observer_saw_is_told_too(ledger: Served) -> None:
    failed = [condition("Released", "False", "UpgradeFailed", 95, "timed out")]
    await tell(
        ledger,
        [
            L(50, V1, rv=5, ready=OK),
            L(
                400,
                revision(2, "failed", "1.1.0", 90),
                V1,
                rv=15,
                ready=("False", "UpgradeFailed", 95),
                conditions=failed,
            ),
            L(700, V1, rv=25, ready=("True", "InstallSucceeded", 600)),
            L(900, V1, rv=25, ready=("True", "InstallSucceeded", 600), suspended=True),
        ],
    )
    found = {it["kind"]: it for it in await stream(ledger)}
    assert await kinds(ledger) == [
        ("arrived", "1.0.0"),
        ("failed", "1.1.0"),
        ("recovered", "1.0.0"),
        ("suspended", "1.0.0"),
    ]
    assert {(it["source"], it["basis"]) for it in found.values()} == {("snapshot", "snapshot")}
    assert (found["failed"]["when"], found["failed"]["message"]) == (z(90), "timed out")
    assert found["recovered"]["when"] == z(600)


async def test_a_failure_is_told_once_by_two_witnesses(ledger: Served) -> None:
    failed = L(400, V2_FAILED, V1, rv=15, ready=("False", "UpgradeFailed", 101))
    await tell(ledger, [E(10, "InstallSucceeded", "1.0.0", rv=5), failed, E(100, "UpgradeFailed", "1.1.0", rv=9)])
    assert [it["kind"] for it in await stream(ledger)] == ["failed", "arrived"]
    assert (await stream(ledger))[0]["source"] == "event"


async def test_another_image_or_chart_than_was_filed_is_told_also_where_the_filing_came_later(ledger: Served) -> None:
    other = f"{REPOSITORY}@{HOTFIX}"
    pods = [image(other, other)]
    more = {"image": other, "release": "1.1.0"}
    await tell(
        ledger,
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5, metadata={"oci-digest": HOTFIX}),
            L(50, V1, rv=6, ready=OK, images=pods),
            L(60, V1, rv=7, ready=("True", "InstallSucceeded", 10), images=pods),
            E(100, "UpgradeSucceeded", "1.1.0", rv=9, metadata=more),
        ],
    )
    assert await kinds(ledger, "kind=mismatched") == []
    for version in ("1.0.0", "1.1.0"):
        await ledger.file(document(version=version, image={"digest": IMAGE}))
    found = list(reversed(await stream(ledger, "kind=mismatched")))
    assert [(it["when"], it["version"]) for it in found] == [(z(10), "1.0.0"), (z(50), "1.0.0"), (z(100), "1.1.0")]
    what = [[(it["what"], it["basis"], it["released"], it["found"]) for it in each["mismatches"]] for each in found]
    assert what == [
        [("chart", "event", f"sha256:{'f' * 64}", HOTFIX)],
        [("image", "seen", IMAGE, HOTFIX)],
        [("image", "intended", IMAGE, HOTFIX)],
    ]
    whole = await stream(ledger)
    assert [it for it in whole if it["kind"] == "mismatched"] == found[::-1]


async def test_a_proposal_is_told_for_each_place_once(ledger: Served) -> None:
    places = [{"environment": "staging", "place": "apps/orders"}, {"environment": "production", "place": None}]
    part = gitops() | {"places": places, "reason": "it was asked for"}
    part["proposal"] = {"url": "https://example.org/pull/7", "number": 7}
    for _ in range(2):
        await ledger.file(document(gitops=part))
    found = await stream(ledger)
    assert {(it["environment"], it["place"]) for it in found} == {("staging", "apps/orders"), ("production", None)}
    for it in found:
        assert (it["kind"], it["service"], it["version"], it["source"]) == ("proposed", "orders", "1.4.2", "filing")
        assert (it["cause"], it["message"], it["proposal"]) == (
            "ship",
            "it was asked for",
            "https://example.org/pull/7",
        )
        assert it["url"] == "/releases/orders/1.4.2"
    await ledger.say(event(at=NOON))
    assert await rebuild() == 1
    assert len(await stream(ledger, "kind=proposed")) == 2


async def test_silence_is_told_while_it_lasts_and_after_it_ended(ledger: Served) -> None:
    def looked(number: int) -> bytes:
        whole = {"taken_at": written(NOON), "round_seconds": 10 + number, "ranges": [], "helmreleases": []}
        return json.dumps(whole).encode()

    await see(ledger, looked(0))
    assert await stream(ledger) == []
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)
    await Environment.update({Environment.observed_at: since}, force=True)
    [silent] = await stream(ledger)
    assert (silent["kind"], silent["when"], silent["place"], silent["source"]) == (
        "silent",
        written(since),
        None,
        "silence",
    )
    await see(ledger, looked(1))
    heard, again = await stream(ledger)
    assert again == silent
    assert (heard["kind"], heard["environment"], heard["url"]) == ("heard", "staging", "/environments/staging")
    await see(ledger, looked(1))
    assert await kinds(ledger, "kind=silent&environment=staging") == [("silent", None)]
    await ledger.get("/history?service=orders", 404)  # nothing is known of it
    then = written(since + timedelta(seconds=30))
    assert (await ledger.get(f"/environments/staging?at={then}"))["silent_since"] == silent["when"]
    before = written(since - timedelta(seconds=30))
    assert (await ledger.get(f"/environments/staging?at={before}"))["silent_since"] is None


async def test_silence_without_an_observer_is_judged_where_the_setting_says_so(database_url: str) -> None:
    async with served(database_url, SILENT_AFTER="3600") as ledger:
        await ledger.say(event(at=NOON))
        await Environment.update({Environment.confirmed_at: NOON + timedelta(seconds=1)}, force=True)
        state = (await ledger.get("/environments"))["items"][0]
        assert (state["silent_since"], state["services"][0]["health"]) == ("2026-03-01T12:00:01Z", "unknown")
        assert await kinds(ledger) == [("arrived", "1.4.2"), ("silent", None)]
        await ledger.say(event("UpgradeSucceeded", "1.5.0", at=NOON, resource_version=2))
        assert await kinds(ledger, "kind=heard") == [("heard", None)]
        assert (await ledger.get("/environments"))["items"][0]["silent_since"] is None
    async with served(database_url) as ledger:
        await Environment.update({Environment.confirmed_at: NOON}, force=True)
        assert (await ledger.get("/environments"))["items"][0]["silent_since"] is None


async def test_images_that_an_environment_overrides_are_not_named_as_the_releases(ledger: Served) -> None:
    for version in ("1.0.0", "1.1.0"):
        assert (await ledger.file(document("orders", version, gitops=gitops(version[2])))).status_code == 201
    said = {"release": "1.1.0", "image": "overridden"}
    await tell(
        ledger,
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5, metadata=said | {"release": "1.0.0"}),
            E(20, "UpgradeSucceeded", "1.1.0", rv=6, metadata=said),
            E(30, "TestFailed", "1.1.0", rv=6, metadata=said),
            E(40, "RollbackSucceeded", "1.0.0", rv=6, metadata=said),
            E(50, "DriftDetected", "1.0.0", rv=7, metadata=said),
        ],
    )
    found = [it for it in await stream(ledger) if it["kind"] != "proposed"]
    assert {it["kind"] for it in found} >= {"arrived", "failed", "rolled_back", "drifted"}
    assert [it["digests"]["images"] for it in found] == [{}] * len(found)
    arrivals = (await ledger.get("/environments/staging/arrivals"))["items"]
    arrivals += (await ledger.get("/services/orders"))["items"]
    whole = await ledger.get("/releases/orders/1.1.0")
    arrivals += whole["arrivals"]["items"]
    assert [(it["release"]["image"], it["release"]["images"]) for it in arrivals] == [(None, {})] * len(arrivals)
    assert [it["digests"]["images"] for it in whole["failures"]["items"]] == [{}] * len(whole["failures"]["items"])


async def test_two_clusters_of_one_name_are_told(ledger: Served) -> None:
    await tell(
        ledger,
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5, uid="eu"),
            E(20, "InstallSucceeded", "1.0.0", rv=900, uid="us"),
            E(500, "UpgradeSucceeded", "1.1.0", rv=9, uid="eu"),
        ],
    )
    [contested] = await stream(ledger, "kind=contested")
    assert (contested["when"], contested["place"]) == (z(20), "apps/orders")


async def test_what_runs_gives_way_to_another_object_of_its_name(ledger: Served) -> None:
    await tell(ledger, [E(10, "InstallSucceeded", "1.0.0", rv=5), E(160, "InstallFailed", "1.1.0", rv=20, uid="u2")])
    assert await kinds(ledger) == [("arrived", "1.0.0"), ("removed", "1.0.0"), ("failed", "1.1.0")]


@pytest.mark.parametrize(
    "query", ["kind=broken", "from=soon", "to=", "to=2026-13-01", "cursor=1", "service=%00", "limit=0"]
)
async def test_a_malformed_question_is_refused_by_its_name(ledger: Served, query: str) -> None:
    answer = await ledger.http.get(f"/history?{query}")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error.partition(":")[0] == query.partition("=")[0]
    assert "regex" not in error
