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
