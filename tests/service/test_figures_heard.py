"""Delivery figures say of which environments the ledger did not hear all along."""

from datetime import datetime

import pytest

from service.database.tables import Event

from ..support.service import stories
from ..support.service.life import tell
from ..support.service.served import Served, served
from ..support.service.stories import z

pytestmark = pytest.mark.anyio


async def test_an_environment_may_be_younger_than_the_ledger(ledger: Served) -> None:
    await tell(ledger, [stories.E(0, "InstallSucceeded", "1.0.0")])
    await tell(ledger, [stories.E(5_000, "InstallFailed", "1.0.0")], "production")
    await Event.update({Event.received_at: stories.at(0)}, force=True)
    period = f"from={z(4_000)}&to={z(6_000)}"
    for query, since in (("", None), ("environment=staging&", None), ("environment=production&", stories.at(5_000))):
        answer = await ledger.get(f"/figures?{query}{period}")
        assert answer["heard_since"] == (since and f"{since:%Y-%m-%dT%H:%M:%SZ}"), query
        page = (await ledger.http.get(f"/board/figures?{query}{period}")).text
        assert ("Nothing was heard before" in page) == bool(since)
    assert datetime.fromisoformat((await ledger.get("/figures?from=2026-02-01"))["heard_since"]) == stories.at(0)


async def test_an_environment_of_a_group_may_never_have_reported(database_url: str) -> None:
    async with served(database_url, ENVIRONMENTS="all = staging + production + canary") as ledger:
        await tell(ledger, [stories.E(0, "InstallSucceeded", "1.0.0")])
        await tell(ledger, [stories.E(500, "InstallSucceeded", "1.0.0")], "production")
        await Event.update({Event.received_at: stories.at(0)}, force=True)
        answer = await ledger.get(f"/figures?environment=all&from={z(300)}&to={z(900)}")
        assert (answer["silent"], answer["heard_since"]) == (["canary"], z(500))
        page = (await ledger.http.get(f"/board/figures?environment=all&from={z(300)}&to={z(900)}")).text
        assert "canary was silent for a while" in page
        assert "Not all of them were heard of before" in page
