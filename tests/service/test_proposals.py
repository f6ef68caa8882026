"""What was proposed and has not arrived is told, until it has, or something else is proposed in its place."""

from datetime import UTC, datetime, timedelta

import pytest

from ..support.service.served import Served, document, event, gitops

pytestmark = pytest.mark.anyio


async def waiting(ledger: Served) -> list[tuple[str, str, str | None]]:
    items = (await ledger.get("/proposals"))["items"]
    return [(it["environment"], it["version"], it["proposal"]) for it in items]


async def test_a_proposal_waits_until_it_has_arrived(ledger: Served) -> None:
    url = "https://example.org/pull/7"
    await ledger.file(document(version="1.0.0", gitops={**gitops(), "proposal": {"url": url}}))
    assert await waiting(ledger) == [("staging", "1.0.0", url)]
    await ledger.say(event(revision="1.0.0", at=datetime.now(UTC) + timedelta(seconds=1)))
    assert await waiting(ledger) == []


async def test_nothing_is_proposed_where_nothing_was_filed(ledger: Served) -> None:
    await ledger.say(event())
    assert await waiting(ledger) == []


async def test_proposals_of_one_second_are_in_the_order_in_which_they_were_filed(ledger: Served) -> None:
    """What is proposed within a second, one after the other, each in the place of the one before."""
    versions = [f"1.0.{number}" for number in range(8)]
    for before, version in zip([None, *versions], versions, strict=False):
        await ledger.file(document(version=version, gitops=gitops() | ({"replaces": before} if before else {})))
    told = [it["version"] for it in (await ledger.get("/history?kind=proposed"))["items"]]
    assert told == versions[::-1]
    assert [version for _, version, _ in await waiting(ledger)] == versions[-1:]
    for version in versions:
        outcome = (await ledger.get(f"/releases/orders/{version}/wait?environment=staging"))["outcome"]
        assert outcome == ("waiting" if version == versions[-1] else "superseded"), version


async def test_a_proposal_of_the_same_second_names_its_own_places(ledger: Served) -> None:
    """A version is proposed anew, for another place, within a second."""
    for commit, place in (("1", "apps/orders"), ("2", "apps/other")):
        places = [{"environment": "staging", "place": place}]
        await ledger.file(document(version="1.0.0", gitops=gitops(commit) | {"places": places}))
    await ledger.say(event(revision="1.0.0", name="other", metadata={"revision": "1.0.0", "service": "orders"}))
    assert (await ledger.get("/releases/orders/1.0.0/wait?environment=staging"))["outcome"] == "healthy"
