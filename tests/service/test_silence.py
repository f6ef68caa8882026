"""What is not heard of any more is last known: here a whole environment."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from service.database.tables import Environment

from ..support.service.served import Served, document, event
from ..support.service.snapshots import see, written

pytestmark = pytest.mark.anyio


def ago(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=seconds)


async def test_an_observer_that_misses_three_rounds_makes_its_environment_silent(ledger: Served) -> None:
    """What is known is last known, and neither healthy nor failing."""
    await ledger.say(event("UpgradeFailed", "1.4.2", at=ago(280)))
    whole = {"taken_at": written(ago(0)), "round_seconds": 10, "ranges": [], "helmreleases": []}
    await see(ledger, json.dumps(whole).encode())
    assert (await ledger.get("/environments/staging"))["silent_since"] is None
    await Environment.update({Environment.observed_at: ago(31)}, force=True)
    [listed] = (await ledger.get("/environments"))["items"]
    assert listed["silent_since"] is not None
    assert (listed["services"][0]["health"], listed["services"][0]["health_cause"]) == ("unknown", "silent")
    board = (await ledger.http.get("/")).text
    told = " ".join(re.sub("<[^>]*>", " ", board).split())
    assert "staging is silent: what runs there is unknown" in told
    assert "is healthy" not in told
    assert "orders" not in board.partition("<h1>")[2].partition("</h1>")[0]


async def test_what_a_silent_environment_runs_is_last_known(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event(at=ago(280)))
    whole = {"taken_at": written(ago(0)), "round_seconds": 10, "ranges": [], "helmreleases": []}
    await see(ledger, json.dumps(whole).encode())
    assert "(last known)" not in (await ledger.http.get("/board/releases/orders/1.4.2")).text
    await Environment.update({Environment.observed_at: ago(31)}, force=True)
    assert "(last known)" in (await ledger.http.get("/board/releases/orders/1.4.2")).text
    since = (await ledger.get("/environments"))["items"][0]["silent_since"]
    whole = await ledger.get("/releases/orders/1.4.2")
    of = [await ledger.get(path) for path in ("/environments/staging/arrivals", "/services/orders")]
    of.append(await ledger.get(f"/digests/{document()['images'][0]['digest']}"))
    for [it] in [whole["arrivals"]["items"], *(each["items"] for each in of)]:
        assert (it["until"], it["last_known_at"]) == (None, since)
    for page in ("environments/staging", "releases/orders/1.4.2"):
        text = (await ledger.http.get(f"/board/{page}")).text
        assert "last known" in text
        assert "runs now" not in text
    await ledger.say(event("UpgradeSucceeded", "1.5.0", at=ago(5), resource_version=9))  # Flux still tells of it
    newest = (await ledger.get("/environments/staging/arrivals"))["items"][0]
    assert (newest["release"]["version"], newest["last_known_at"]) == ("1.5.0", newest["from"])
    compared = await ledger.get("/environments/staging/compare")
    assert (compared["here"]["silent_since"] is None, compared["items"][0]["verdict"]) == (False, "unknown")
