"""One key cannot use up the ledger: what is over its quota is refused and counted, all else is kept as ever."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import REGISTRY

from service.domain.quota import MIB, Quota, full, parse_quota

from ..support.service.served import Served, document, event, served
from ..support.service.snapshots import deployed, see, snapshot

pytestmark = pytest.mark.anyio
TIGHT = "20/min, 4MiB/min, 5 places"


def counted(key: str, cause: str) -> float:
    return REGISTRY.get_sample_value("waybill_quota_refused_total", {"key": key, "cause": cause}) or 0


async def test_an_environment_over_its_quota_stops_no_other(database_url: str) -> None:
    before = counted("environment/staging", "requests")
    async with served(database_url, EVENT_QUOTA=TIGHT) as ledger:
        answers = [await ledger.say(event(resource_version=number)) for number in range(40)]
        kept = [it for it in answers if it.status_code == 201]
        refused = [it for it in answers if it.status_code == 429]
        assert len(kept) + len(refused) == 40
        assert 20 <= len(kept) <= 25  # a little comes back meanwhile
        assert "retry-after" not in refused[0].headers
        assert "sent more than 20 requests a minute" in refused[0].json()["detail"]
        assert (await ledger.say(event(), "production")).status_code == 201
        ids = {it.json()["id"] for it in kept}
        assert len(ids) == len(kept)
        assert counted("environment/staging", "requests") - before == len(refused)
        page = (await ledger.http.get("/board/environments/staging")).text
        assert f"it refused {len(refused)} bod" in page
        assert "over its quota" not in (await ledger.http.get("/board/environments/production")).text


async def test_bytes_have_a_quota_too(database_url: str) -> None:
    async with served(database_url, EVENT_QUOTA=TIGHT) as ledger:
        padding = "x" * (13 * MIB // 10)  # of which 3 leave 100 KiB, and a second gives back 70
        answers = [await ledger.say(event(resource_version=n, padding=padding)) for n in range(5)]
        assert [it.status_code for it in answers] == [*[201] * 3, *[429] * 2]
        assert "sent more than 4 MiB a minute" in answers[-1].json()["detail"]
        assert (await ledger.say(event(resource_version=9))).status_code == 201  # a small one has room


@pytest.mark.parametrize("kind", ["event", "snapshot"])
async def test_an_environment_has_so_many_places_and_those_go_on(database_url: str, kind: str) -> None:
    async with served(database_url, EVENT_QUOTA="1200/min, 64MiB/min, 5 places") as ledger:
        for number in range(5):
            assert (await ledger.say(event(name=f"orders-{number}"))).status_code == 201
        if kind == "event":
            refused = await ledger.say(event(name="orders-5"))
        else:
            refused = await many_places(ledger, 6)
        assert refused.status_code == 429
        assert "has more than 5 places" in refused.json()["detail"]
        assert len((await ledger.get("/environments/staging"))["services"]) == 5
        assert (await ledger.say(event("UpgradeSucceeded", "1.5.0", name="orders-0"))).status_code == 201
        assert (await ledger.say(event(name="orders-5"), "production")).status_code == 201


async def many_places(ledger: Served, number: int) -> httpx.Response:
    """A snapshot of places, of which the last was not heard of."""
    now = datetime.now(UTC)
    whole = json.loads(snapshot(deployed("1.4.2", now), taken=now))
    whole["helmreleases"] = [whole["helmreleases"][0] | {"name": f"orders-{it}"} for it in range(number)]
    return await see(ledger, json.dumps(whole).encode())


async def test_a_token_over_its_quota_stops_no_other(database_url: str) -> None:
    async with served(database_url, EVENT_QUOTA=TIGHT) as ledger:
        one, other = await ledger.token("releases:write"), await ledger.token("releases:write")
        answers = [await ledger.file(document(version=f"1.0.{n}"), one) for n in range(30)]
        refused = [it for it in answers if it.status_code == 429]
        assert 5 <= len(refused) <= 10
        assert int(refused[0].headers["retry-after"]) > 0
        assert (await ledger.file(document(version="2.0.0"), other)).status_code == 201


def test_an_allowance_comes_back_with_time() -> None:
    it = full(Quota(60, 60 * MIB, 1), 0.0)
    assert [it.take(0, 0.0) for _ in range(61)] == [None] * 60 + ["requests"]
    assert it.take(0, 1.0) is None
    assert it.take(0, 1.0) == "requests"
    assert it.take(61 * MIB, 3600.0) == "bytes"
    assert it.take(60 * MIB, 3600.0) is None


@pytest.mark.parametrize(
    "text", ["", "1200", "0/min, 64MiB/min, 1 places", "1/min, 3MiB/min, 1 places", "1/s, 4MiB/s, 1"]
)
def test_another_form_of_a_quota_is_refused_with_its_own(text: str) -> None:
    with pytest.raises(ValueError, match="write it like `1200/min, 64MiB/min, 6000 places`"):
        parse_quota(text)
