"""What a signed body may hold, and no database need take: it is kept without that, or refused, on both alike."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Listing

from ..support.service.served import Served, document, event, served
from ..support.service.snapshots import deployed, see, written

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
NUL = "a\0\x1b[31mb"
DIGEST = f"sha256:{'a' * 64}"
FAR = "9999-12-31T23:59:59-23:59"  # in UTC that is in the year 10000, which Python has not


def helmrelease(**more: Any) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "reason": "InstallSucceeded", "since": written(NOW)}
    return {"namespace": "apps", "name": "orders", "uid": "u", "resourceVersion": "5", "generation": 1,
            "observedGeneration": 1, "conditions": [ready], "history": [deployed("1.4.2", NOW)], **more}  # fmt: skip


def snapshot(*releases: Any, **more: Any) -> bytes:
    whole = {"taken_at": written(NOW), "round_seconds": 300, "ranges": [{"namespace": "apps"}]}
    return json.dumps(whole | {"helmreleases": list(releases)} | more).encode()


def blocked(**more: Any) -> dict[str, Any]:
    since = written(NOW - timedelta(hours=1))
    return helmrelease(conditions=[{"type": "Ready", "status": "False", "since": since, **more}])


async def reads(ledger: Served) -> str:
    paths = ("/environments/staging", "/environments", "/history", "/environments/staging/arrivals", "/history.atom")
    answers = [await ledger.http.get(path) for path in (*paths, "/", "/board/history", "/board/environments/staging")]
    assert {it.status_code for it in answers} == {200}
    text = "".join(it.text for it in answers)
    assert all(it not in text for it in ("\\u0000", "\0", "\x1b", "\\u001b"))
    return text


@pytest.mark.parametrize(
    "released",
    [
        blocked(reason=NUL, message=NUL),
        blocked(reason="ValuesError", status=NUL),
        helmrelease(images=[{"workload": NUL, "container": NUL, "asked": f"r@sha256:{NUL}", "running": NUL}]),
        helmrelease(images_unknown=NUL),
        helmrelease(uid=NUL),
        helmrelease(resourceVersion=NUL),
        helmrelease(history=[deployed("1.4.2", NOW, action=NUL, ociDigest=NUL, chartName=NUL)]),
        helmrelease(history=[deployed(f"1.4{NUL}", NOW)]),
        helmrelease(history=[deployed("1.4.2", NOW, lastDeployed=FAR)]),
        blocked(reason="ValuesError", since=FAR),
    ],
)
async def test_a_snapshot_is_kept_without_what_cannot_be_printed(ledger: Served, released: dict[str, Any]) -> None:
    assert (await see(ledger, snapshot(released))).status_code == 201
    assert await reads(ledger)


@pytest.mark.parametrize("reason", ["UpgradeFailed", NUL])
@pytest.mark.parametrize("kind", ["HelmRelease", "OCIRepository"])
async def test_an_event_is_kept_without_what_cannot_be_printed(ledger: Served, kind: str, reason: str) -> None:
    said = event(at=NOW, severity="error", reason=reason, message=f"{NUL} chart orders@1.4.2")
    said["involvedObject"] |= {"kind": kind, "uid": NUL}
    assert (await ledger.say(said | {"metadata": {"revision": "1.4.2", "service": NUL}})).status_code == 201
    assert await reads(ledger)


@pytest.mark.parametrize("name", ["timestamp", "message", "severity", "reason", "metadata"])
async def test_what_go_writes_as_null_makes_an_event_no_other_thing(ledger: Served, name: str) -> None:
    assert (await ledger.say(event(at=NOW) | {name: None})).status_code == 201
    state = await ledger.get("/environments/staging")
    assert bool(state["services"]) != bool(state["unread"])


@pytest.mark.parametrize(
    "of",
    [
        {"namespace": "a\0"},
        {"namespace": ""},
        {"namespace": "n" * 300},
        {"namespace": "apps", "from": NUL},
        {"namespace": "apps", "until": "o" * 300},
        {"namespace": "apps", "from": "Orders"},
    ],
)
async def test_a_range_of_names_that_cannot_be_is_refused(ledger: Served, of: dict[str, str]) -> None:
    answer = await see(ledger, snapshot(helmrelease(), ranges=[of]))
    assert (answer.status_code, "no snapshot of an observer" in answer.text) == (422, True)
    assert (await ledger.get("/environments"))["items"] == []


async def test_what_is_no_digest_is_not_found_as_one(ledger: Served) -> None:
    seen = [{"workload": "Deployment/orders", "container": "c", "asked": f"r@{DIGEST}", "running": "r@sha256:short"}]
    await see(ledger, snapshot(helmrelease(images=seen)))
    assert len((await ledger.get(f"/digests/{DIGEST}"))["items"]) == 1


async def test_a_key_keeps_no_more_lists_of_names_than_it_may_have_places(database_url: str) -> None:
    ranges = [{"namespace": "apps", "from": f"a{number}", "until": f"a{number}b"} for number in range(40)]
    async with served(database_url, EVENT_QUOTA="1200/min, 64MiB/min, 20 places") as ledger:
        sent = [await see(ledger, snapshot(ranges=some)) for some in (ranges[:15], ranges[:20], ranges, ranges[15:30])]
        assert [it.status_code for it in sent] == [201, 201, 429, 429]
        assert "has more than 20 places" in sent[3].text
        assert await Listing.count() == 20


async def test_a_time_of_the_year_10000_counts_as_that_of_the_receipt(ledger: Served) -> None:
    assert (await see(ledger, snapshot(helmrelease(), taken_at=FAR))).status_code == 201
    assert (await ledger.say(event("UpgradeSucceeded", "1.4.3", timestamp=FAR))).status_code == 201
    assert await reads(ledger)


async def test_no_release_has_a_commit_of_the_year_10000(ledger: Served) -> None:
    answer = await ledger.file(document(source={"committed_at": FAR}))
    assert (answer.status_code, "committed_at" in answer.text) == (400, True)


async def test_a_commit_of_the_year_9999_is_left_out_of_the_figures(ledger: Served) -> None:
    await ledger.say(event("UpgradeSucceeded", "1.4.3", at=NOW - timedelta(minutes=1)))
    last = "9999-12-31T23:59:59Z"
    assert (await ledger.file(document(version="1.4.3", source={"committed_at": last}))).status_code == 201
    [left] = (await ledger.get("/figures/left_out"))["items"]
    assert (left["version"], left["committed_at"]) == ("1.4.3", last)
    assert (await ledger.http.get("/board/figures/left_out")).status_code == 200
