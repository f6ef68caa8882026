"""Waiting for a release: whether it arrived, failed, was superseded, or cannot be known."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from service.api import releases, wait
from service.database.tables import Environment
from service.http import limits

from ..support.service.served import Served, document, event, gitops, served
from ..support.service.snapshots import see, written
from ..support.service.stories import condition, revision

pytestmark = pytest.mark.anyio
PLACE = "apps/orders"


def now(seconds: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


class Waiting:
    def __init__(self, ledger: Served) -> None:
        self.ledger = ledger
        self._commits = 0

    async def propose(self, version: str, place: str | None = PLACE, **more: Any) -> None:
        self._commits += 1
        part = gitops(f"{self._commits:x}") | {"places": [{"environment": "staging", "place": place}], **more}
        await self.ledger.file(document("orders", version, gitops=part))

    async def say(self, reason: str, version: str, at: int = 0, **more: Any) -> None:
        """`at`: in seconds from now."""
        await self.ledger.say(event(reason, version, at=now(at), **more))

    async def outcome(self, version: str, seconds: int = 0) -> tuple[str, str]:
        path = f"/releases/orders/{version}/wait?environment=staging&seconds={seconds}"
        answer = await self.ledger.get(path)
        return answer["outcome"], answer["cause"]


@pytest.fixture
def orders(ledger: Served) -> Waiting:
    return Waiting(ledger)


async def test_a_first_release_waits_until_it_is_healthy(orders: Waiting) -> None:
    assert await orders.outcome("1.0.0") == ("waiting", "nothing is known of a service orders")
    await orders.propose("1.0.0", proposal={"url": "https://example.org/pull/7"})
    assert await orders.outcome("1.0.0") == ("waiting", f"{PLACE}: nothing of it was reported yet")
    await orders.say("InstallSucceeded", "1.0.0")
    answer = await orders.ledger.get("/releases/orders/1.0.0/wait?environment=staging")
    assert answer["outcome"] == "healthy"
    assert answer["proposal"] == "https://example.org/pull/7"
    assert [(it["place"], it["version"], it["health"]) for it in answer["places"]] == [(PLACE, "1.0.0", "healthy")]


async def test_every_place_that_is_named_counts_and_no_other(orders: Waiting) -> None:
    places = [{"environment": "staging", "place": f"{tenant}/orders"} for tenant in ("blue", "green")]
    await orders.propose("1.0.0", places=places)
    await orders.say("InstallSucceeded", "1.0.0", namespace="blue")
    await orders.say("InstallSucceeded", "0.9.0", namespace="elsewhere")
    assert await orders.outcome("1.0.0") == ("waiting", "green/orders: nothing of it was reported yet")
    await orders.say("InstallSucceeded", "1.0.0", namespace="green")
    assert await orders.outcome("1.0.0") == ("healthy", "1.0.0 is healthy in all 2 places")


async def test_where_the_place_was_not_known_all_of_the_service_count(orders: Waiting) -> None:
    await orders.propose("1.0.0", place=None)
    assert await orders.outcome("1.0.0") == ("waiting", "it was proposed, and Flux reported nothing of it yet")
    await orders.say("InstallSucceeded", "1.0.0")
    assert (await orders.outcome("1.0.0"))[0] == "healthy"


async def test_a_failure_waits_while_flux_may_try_again_and_fails_when_it_gave_up(orders: Waiting) -> None:
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.propose("1.1.0")
    assert await orders.outcome("1.1.0") == ("waiting", f"{PLACE}: 1.0.0 runs")
    await orders.say("UpgradeFailed", "1.1.0", resource_version="9", message="timed out")
    outcome, cause = await orders.outcome("1.1.0")
    assert outcome == "waiting"
    assert "try 1 failed (timed out), Flux may try again" in cause
    stalled = {
        "namespace": "apps",
        "name": "orders",
        "generation": 2,
        "observedGeneration": 2,
        "resourceVersion": "12",
        "conditions": [
            condition("Ready", "False", "UpgradeFailed", 0, "timed out"),
            condition("Released", "False", "UpgradeFailed", 0, "timed out"),
            condition("Stalled", "True", "RetriesExceeded", 0),
        ],
        "history": [revision(2, "failed", "1.1.0", 0), revision(1, "deployed", "1.0.0", 0)],
    }
    whole = {"taken_at": written(now(1)), "namespaces": ["apps"], "helmreleases": [stalled]}
    assert (await see(orders.ledger, json.dumps(whole).encode())).status_code == 201
    assert (await orders.outcome("1.1.0"))[0] == "failed"


UPGRADE_TWICE = {"revision": "1.1.0", "tries": "install=4,upgrade=2"}


async def test_it_failed_after_as_many_tries_as_the_environment_has(orders: Waiting) -> None:
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.propose("1.1.0")
    for number in (1, 2):
        assert (await orders.outcome("1.1.0"))[0] == "waiting"
        more = {"resource_version": f"{number}0", "metadata": UPGRADE_TWICE, "message": f"timed out, {number}"}
        await orders.say("UpgradeFailed", "1.1.0", number, **more)
        await orders.say(
            "RollbackSucceeded", "1.0.0", number, **more | {"metadata": UPGRADE_TWICE | {"revision": "1.0.0"}}
        )
        if number == 1:
            assert "try 1 of 2 failed (timed out, 1), Flux may try again" in (await orders.outcome("1.1.0"))[1]
    assert await orders.outcome("1.1.0") == ("failed", f"{PLACE}: timed out, 2; Flux gave up, 1.0.0 runs")
    await orders.say("UpgradeFailed", "1.1.0", 3, resource_version="30", metadata=UPGRADE_TWICE)  # nor rolled back
    assert (await orders.outcome("1.1.0"))[1].endswith("what runs is not certain: 1.0.0, or parts of both")


async def test_a_test_that_fails_is_a_try_of_the_action_before_it(orders: Waiting) -> None:
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.propose("1.1.0")
    for number in (1, 2):
        assert (await orders.outcome("1.1.0"))[0] == "waiting"
        more = {"resource_version": f"{number}0", "metadata": UPGRADE_TWICE}
        await orders.say("UpgradeSucceeded", "1.1.0", number, **more)
        await orders.say("TestFailed", "1.1.0", number, **more, message=f"one failed, {number}")
        await orders.say("RollbackFailed", "1.1.0", number, **more)  # it is no try of its own
    assert (await orders.outcome("1.1.0"))[0] == "failed"


@pytest.mark.parametrize(
    "tries", [None, "", "3", "install=1", "install=1,upgrade=0", "install=1,upgrade=-1", "upgrade=endless"]
)
async def test_where_the_number_of_tries_is_not_told_it_is_waited(orders: Waiting, tries: str | None) -> None:
    metadata = {"revision": "1.1.0"} | ({} if tries is None else {"tries": tries})
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.propose("1.1.0")
    for number in range(1, 4):
        more = {"resource_version": f"{number}0", "metadata": metadata, "message": f"timed out, {number}"}
        await orders.say("UpgradeFailed", "1.1.0", number, **more)
    outcome, cause = await orders.outcome("1.1.0")
    assert outcome == "waiting"
    assert "try 3 failed (timed out, 3), Flux may try again" in cause


async def test_a_test_whose_failure_flux_ignores_is_no_failure(orders: Waiting) -> None:
    await orders.propose("1.0.0")
    metadata = {"revision": "1.0.0", "tests": "ignored", "tries": "install=1,upgrade=1"}
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5", metadata=metadata)
    await orders.say("TestFailed", "1.0.0", resource_version="5", metadata=metadata)
    assert (await orders.outcome("1.0.0"))[0] == "healthy"


async def test_a_later_release_of_the_same_pull_request_supersedes_it(orders: Waiting) -> None:
    await orders.propose("1.0.0")
    await orders.propose("1.1.0", replaces="1.0.0")
    assert await orders.outcome("1.0.0") == ("superseded", "the pull request proposes 1.1.0 now")
    assert (await orders.outcome("1.1.0"))[0] == "waiting"


async def test_one_that_ran_and_was_followed_by_another_is_superseded(orders: Waiting) -> None:
    await orders.propose("1.0.0")
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.say("UpgradeSucceeded", "1.1.0", resource_version="6")
    assert await orders.outcome("1.0.0") == ("superseded", f"1.1.0 runs in {PLACE} now")


async def test_a_rollback_is_waited_for_although_a_higher_version_runs(
    orders: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clock(seconds: int) -> None:
        monkeypatch.setattr(releases, "datetime", SimpleNamespace(now=lambda _: now(seconds)))

    clock(-600)
    await orders.propose("1.0.0")
    await orders.say("InstallSucceeded", "1.0.0", -590, resource_version=5)
    clock(-400)
    await orders.propose("1.1.0", replaces="1.0.0")
    await orders.say("UpgradeSucceeded", "1.1.0", -390, resource_version=6)
    assert (await orders.outcome("1.0.0"))[0] == "superseded"
    clock(-200)
    await orders.propose("1.0.0", kind="rollback", reason="1.1.0 loses orders")
    assert await orders.outcome("1.0.0") == ("waiting", f"{PLACE}: 1.1.0 runs")
    await orders.say("UpgradeSucceeded", "1.0.0", -190, resource_version=7)
    assert (await orders.outcome("1.0.0"))[0] == "healthy"
    assert (await orders.outcome("1.1.0"))[0] == "superseded"


async def test_of_a_version_that_nobody_filed_what_runs_counts(orders: Waiting) -> None:
    await orders.say("InstallSucceeded", "9.9.9")
    assert (await orders.outcome("9.9.9"))[0] == "healthy"
    assert await orders.outcome("9.9.8") == ("waiting", f"{PLACE}: 9.9.9 runs")


async def test_in_a_silent_environment_it_is_unknown(orders: Waiting) -> None:
    await orders.propose("1.0.0")
    await orders.say("InstallSucceeded", "1.0.0")
    whole = {"taken_at": written(now()), "round_seconds": 10, "ranges": [], "helmreleases": []}
    await see(orders.ledger, json.dumps(whole).encode())
    assert (await orders.outcome("1.0.0"))[0] == "healthy"
    await Environment.update({Environment.observed_at: now(-31)}, force=True)
    outcome, cause = await orders.outcome("1.0.0")
    assert outcome == "unknown"
    assert cause.startswith("the environment is silent since ")


async def _looked(orders: Waiting) -> None:
    """Returns when a later request was answered, so that the one before has looked."""
    await orders.outcome("1.0.0")


@pytest.mark.long
async def test_the_answer_is_held_until_it_is_known(orders: Waiting) -> None:
    await orders.propose("1.0.0")
    holding = asyncio.create_task(orders.outcome("1.0.0", seconds=30))
    await _looked(orders)
    await orders.say("InstallSucceeded", "1.0.0")
    assert (await asyncio.wait_for(holding, 10))[0] == "healthy"


@pytest.mark.long
async def test_it_is_held_longer_than_other_answers_may_take(orders: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_SECONDS", 0.3)
    assert (await orders.outcome("1.0.0", seconds=1))[0] == "waiting"


async def test_no_other_address_that_ends_alike_has_more_time(orders: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("service.api.environments.state_of", lambda *_: asyncio.sleep(10))
    await orders.ledger.get("/environments/wait", 503)


async def test_too_many_that_wait_are_told_to_come_again(orders: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "WAITING", 0)
    refused = await orders.ledger.get("/releases/orders/1.0.0/wait?environment=staging", 503)
    assert "clients are waiting already" in refused["detail"]


@pytest.mark.parametrize(
    "query", ["", "environment=No", "environment=staging&seconds=31", "environment=staging&seconds=x"]
)
async def test_a_wrong_question_is_refused(orders: Waiting, query: str) -> None:
    await orders.ledger.get(f"/releases/orders/1.0.0/wait?{query}", 400)


async def test_what_was_never_filed_is_waited_for_and_said_to_be_so(orders: Waiting) -> None:
    await orders.propose("1.0.0", places=[{"environment": "production", "place": PLACE}])
    assert await orders.outcome("1.0.0") == ("waiting", "it was not proposed here")
    told = "1.0.1 of orders was not filed, the newest is 1.0.0"
    assert await orders.outcome("1.0.1") == ("waiting", f"{told}; it was not proposed here")
    await orders.say("InstallSucceeded", "0.9.0")
    assert await orders.outcome("1.0.1") == ("waiting", f"{told}; {PLACE}: 0.9.0 runs")
    answer = await orders.ledger.get("/releases/ordres/1.0.0/wait?environment=staging")
    assert answer["cause"] == "nothing is known of a service ordres (orders is near)"
    await orders.say("UpgradeSucceeded", "1.0.1", 1)
    assert (await orders.outcome("1.0.1"))[0] == "healthy"


async def test_an_environment_of_which_nothing_can_be_heard_is_refused(database_url: str) -> None:
    """One that has a key, is in ENVIRONMENTS, or for which the service was proposed may still report."""
    async with served(database_url, ENVIRONMENTS="qa, live = live-eu + live-us") as ledger:
        await ledger.file(document("orders", "1.0.0", gitops=gitops("1", "canary")))

        async def asked(environment: str, status: int) -> Any:
            return await ledger.get(f"/releases/orders/1.0.0/wait?environment={environment}", status)

        for environment in ("staging", "qa", "live-eu", "canary"):
            assert (await asked(environment, 200))["outcome"] == "waiting"
        refused = await asked("live-uss", 404)
        assert refused["detail"].startswith("The ledger knows no environment live-uss: it never reported, and neither ")
        assert refused["remedy"].startswith("Did you mean live-us or live-eu? ")
        group = await asked("live", 404)
        assert group["detail"] == "live is a group, of live-eu and live-us."
        assert group["remedy"] == "Ask for each of its environments."
        for path in ("live", "live/arrivals", "live/compare", "qa/compare?with=live"):
            found = await ledger.get(f"/environments/{path}", 404)
            assert found["detail"].startswith("No event of qa " if "qa" in path else "live is a group, of ")


@pytest.mark.long
async def test_an_answer_that_was_seen_is_held_until_it_is_another(orders: Waiting) -> None:
    await orders.say("InstallSucceeded", "1.0.0", resource_version="5")
    await orders.propose("1.1.0")
    path = "/releases/orders/1.1.0/wait?environment=staging&seconds=30"
    seen = (await orders.ledger.get(path.replace("=30", "=0")))["mark"]
    holding = asyncio.create_task(orders.ledger.get(f"{path}&seen={seen}"))
    await _looked(orders)
    await orders.say("UpgradeFailed", "1.1.0", resource_version="9", message="timed out")
    answer = await asyncio.wait_for(holding, 10)
    assert (answer["outcome"], answer["places"][0]["failures"]) == ("waiting", 1)
    assert answer["mark"] != seen
    await asyncio.wait_for(orders.ledger.get(f"{path}&seen={seen}"), 10)
    await orders.ledger.get(f"{path}&seen=nothing", 400)
