"""An upgrade that is ended at any moment goes on where it was, and comes to the same as one that was not."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.database.tables import Arrival, Event, Place, Release
from tests.support import forked
from tests.support.builders import TOP

from ..support.service.replica import AMPLE, command, settings
from ..support.service.served import Served, event, served
from ..support.service.sizes import size
from .test_number_one import kept_by_an_older_ledger, number_one

pytestmark = [pytest.mark.anyio, pytest.mark.torture]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_STATE = json.dumps({"running": {"version": "1.0.0", "since": 1, "basis": "observed"}, "health": "healthy"})
RELEASES, PLACES, KILLS = size(300, 20_000), size(20, 1_000), size(3, 40)


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Served]:
    async with served(database_url, EVENT_QUOTA=AMPLE) as it:
        yield it


async def answers(ledger: Served) -> Any:
    arrivals = await ledger.get("/environments/staging/arrivals?limit=200")
    newest = await ledger.get("/releases?limit=200")
    return (await ledger.get("/environments/staging"))["services"], arrivals["items"], newest


@pytest.mark.long
async def test_ended_anywhere_an_upgrade_goes_on(ledger: Served, database_url: str, tmp_path: Path) -> None:
    for number in range(RELEASES):
        await kept_by_an_older_ledger(number_one(version=f"1.{number}.0"))
    for number in range(3 * PLACES):
        said = event("UpgradeSucceeded", f"1.{number}.0", at=NOON + timedelta(minutes=number), resource_version=number)
        said["involvedObject"]["name"] = f"orders-{number % PLACES}"
        assert (await ledger.say(said)).status_code == 201
    right = await answers(ledger)
    # As the version before left them.
    await Place.update({Place.state: OLD_STATE}, force=True)
    await Arrival.update({Arrival.basis: "observed", Arrival.state: OLD_STATE}, force=True)
    await Event.update({Event.place: None, Event.at: None}).where(Event.id > PLACES)
    for _ in range(KILLS):
        log = tmp_path / "log"
        process = forked.start("service", ["migrate"], TOP, settings(database_url), log, log)
        await asyncio.sleep(random.random())  # noqa: S311 - no secret
        process.kill()
        process.wait()
    done = command(database_url, "migrate")
    assert done.code == 0, done.stderr
    assert await Release.count().where(Release.waybill.is_null()) == 0
    assert await answers(ledger) == right
