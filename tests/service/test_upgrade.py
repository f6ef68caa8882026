"""What an older version of the ledger derived is made anew by today's rules, by itself; what a newer one did is not
guessed at."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.tables import Arrival, Event, History, Place, Proposal, Release, ReleaseCommit
from service.ledger.events.rebuild import rebuild, rebuild_stale
from service.ledger.releases.upgrade import upgrade

from ..support.service.served import Served, document, event, gitops, served

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_STATE = json.dumps({"running": {"version": "1.0.0", "since": 1, "basis": "observed"}, "health": "healthy"})


async def answers(ledger: Served) -> Any:
    state = await ledger.get("/environments/staging")
    return state["services"], (await ledger.get("/environments/staging/arrivals"))["items"]


async def test_what_older_rules_derived_is_made_anew_at_the_start(database_url: str) -> None:
    async with served(database_url) as ledger:
        await ledger.file(document("orders", "1.4.2"))
        await ledger.say(event(at=NOON))
        await ledger.say(event("UpgradeFailed", "1.5.0", at=NOON + timedelta(minutes=1), resource_version=5))
        await ledger.say(event("HealthCheckCanceled", "1.5.0", at=NOON + timedelta(minutes=2), resource_version=5))
        right = await answers(ledger)
        # As the version before left them: another form, and no place for what had no effect then.
        await Place.update({Place.state: OLD_STATE}, force=True)
        await Arrival.update({Arrival.basis: "observed", Arrival.state: OLD_STATE}, force=True)
        canceled = Event.id == (await Event.select(Event.id).order_by(Event.id, ascending=False))[0]["id"]
        await Event.update({Event.place: None, Event.at: None}).where(canceled)
        answer = await ledger.http.get("/environments")  # which keeps no answer
        assert (answer.status_code, "rebuild" in answer.text) == (503, True)
    async with served(database_url) as ledger:
        assert await answers(ledger) == right
        assert await rebuild_stale() == 0
        assert await rebuild() == 1
        assert await answers(ledger) == right


async def test_an_event_makes_its_place_anew_where_an_older_replica_wrote_last(ledger: Served) -> None:
    await ledger.say(event(at=NOON))
    await Place.update({Place.state: OLD_STATE}, force=True)
    await ledger.say(event("UpgradeSucceeded", "1.5.0", at=NOON + timedelta(minutes=1), resource_version=5))
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert it["release"]["version"] == "1.5.0"
    assert len((await ledger.get("/environments/staging/arrivals"))["items"]) == 2


async def test_an_older_ledger_does_not_guess_what_newer_rules_derived(ledger: Served) -> None:
    await ledger.say(event(at=NOON))
    await Place.update({Place.state: '{"rules": 999, "lanes": []}'}, force=True)
    answer = await ledger.http.get("/environments")
    assert (answer.status_code, "newer version" in answer.text) == (503, True)
    assert "retry-after" in answer.headers
    hook = await ledger.say(event("UpgradeSucceeded", "1.5.0", at=NOON, resource_version=5))
    assert (hook.status_code, "retry-after" in hook.headers) == (503, False), "Flux would obey it for too long"


async def test_facts_of_older_observers_still_count(ledger: Served) -> None:
    """They were kept as events without a door."""
    await ledger.say(event("InstallSucceeded", "1.0.0", at=NOON))
    epoch = int(NOON.timestamp())
    fact = {"type": "Seen", "place": "apps/orders", "at": epoch + 60, "version": "1.1.0", "chart": "orders"}
    body = json.dumps(fact | {"oci_digest": None}).encode()
    received = NOON + timedelta(seconds=90)
    kept: dict[str, Any] = {"environment": "staging", "sha256": "0" * 64, "body": body, "received_at": received}
    await Event.insert(Event(**kept, place="apps/orders", at=epoch + 60))
    assert await rebuild() == 1
    [it] = (await ledger.get("/environments/staging"))["services"]
    assert (it["release"]["version"], it["since"], it["basis"]) == ("1.1.0", "2026-03-01T12:01:00Z", "snapshot")


async def test_what_was_filed_before_there_was_a_history_is_told_by_the_upgrade(ledger: Served) -> None:
    """With all that a proposal may have."""
    places = [{"environment": "staging", "place": "apps/orders", "overridden": True}]
    artifact = {
        "repository": "oci://ghcr.io/acme/m",
        "digest": f"sha256:{'b' * 64}",
        "revision": "main@sha1:" + "c" * 40,
    }
    parts = {"places": places, "replaces": "1.4.1", "reason": "asked for", "proposal": {"url": "https://example.org/7"}}
    by = {"actor": "octocat", "run": "https://example.org/runs/1"}
    assert (await ledger.file(document(gitops=gitops() | parts, artifact=artifact, by=by))).status_code == 201
    paths = ("/history", f"/commits/{'d' * 40}", "/releases/orders/1.4.2", "/proposals")
    right = [await ledger.get(path) for path in paths]
    await History.delete(force=True)
    await ReleaseCommit.delete(force=True)
    await Proposal.update({Proposal.told: None}, force=True)
    await Release.update({Release.commits: None, Release.committed_at: None}, force=True)
    await upgrade()
    assert [await ledger.get(path) for path in paths] == right
