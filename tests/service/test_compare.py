"""What differs between two environments, or between two times of one, by how much, and since when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..support.service.pages import pages
from ..support.service.served import Served, document, event
from ..support.service.stories import HOTFIX

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def arrive(
    ledger: Served, version: str, minutes: int, environment: str = "staging", name: str = "orders"
) -> None:
    said = event("UpgradeSucceeded", version, at=at(minutes), name=name, resource_version=minutes + 1)
    assert (await ledger.say(said, environment)).status_code == 201


async def three_releases(ledger: Served) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        await ledger.file(document(version=version))
    for minutes, version in enumerate(("1.0.0", "1.1.0", "1.2.0")):
        await arrive(ledger, version, minutes * 10)
    await arrive(ledger, "1.0.0", 5, "production")
    for environment in ("staging", "production"):
        await arrive(ledger, "3.0.0", 1, environment, name="web")
    await arrive(ledger, "1.0.0", 1, "staging", name="only-here")


async def compared(ledger: Served, query: str, here: str = "production") -> dict[str, dict[str, Any]]:
    answer = await ledger.get(f"/environments/{here}/compare?{query}")
    return {it["service"]: it for it in answer["items"]}


async def test_two_environments(ledger: Served) -> None:
    await three_releases(ledger)
    found = await compared(ledger, "with=staging")
    assert {name: (it["verdict"], it["behind"]) for name, it in found.items()} == {
        "only-here": ("missing", None),
        "orders": ("differs", 2),
        "web": ("same", 0),
    }
    orders = found["orders"]
    assert orders["waiting_since"] == "2026-03-01T12:10:00Z"
    assert [it["version"] for it in (*orders["here"], *orders["there"])] == ["1.0.0", "1.2.0"]
    ahead = (await compared(ledger, "with=production", "staging"))["orders"]
    assert (ahead["behind"], ahead["waiting_since"]) == (-2, None)
    joined = [it for page in await pages(ledger, "/environments/production/compare?with=staging", 1) for it in page]
    assert joined == list(found.values())


async def test_two_times_of_one(ledger: Served) -> None:
    await three_releases(ledger)
    found = await compared(ledger, "at=2026-03-01T12:12:00Z", "staging")
    assert (found["orders"]["verdict"], found["orders"]["behind"]) == ("differs", 1)
    assert found["orders"]["waiting_since"] == "2026-03-01T12:20:00Z"
    then = await compared(ledger, "with_at=2026-03-01T12:05:00Z", "staging")
    assert (then["orders"]["behind"], then["orders"]["waiting_since"]) == (-2, None)
    assert {it["verdict"] for it in (await compared(ledger, "", "staging")).values()} == {"same"}


async def test_what_is_not_certain_is_unknown(ledger: Served) -> None:
    await three_releases(ledger)
    await ledger.say(event("UpgradeFailed", "1.1.0", at=at(6), resource_version=9), "production")
    assert (await compared(ledger, "with=staging"))["orders"]["verdict"] == "unknown"
    for name in ("web", "other"):
        await ledger.file(document(name, "4.0.0"))
        for environment in ("staging", "production"):
            said = event("UpgradeSucceeded", "4.0.0", at=at(9), name=name, resource_version=9)
            metadata = {"revision": "4.0.0"} | ({"oci-digest": HOTFIX} if name == "web" else {})
            await ledger.say(said | {"metadata": metadata}, environment)
    found = await compared(ledger, "with=staging")
    assert (found["web"]["verdict"], found["other"]["verdict"]) == ("unknown", "same")


async def test_an_unknown_environment_is_404(ledger: Served) -> None:
    await three_releases(ledger)
    await ledger.get("/environments/nowhere/compare?with=staging", 404)
    await ledger.get("/environments/staging/compare?with=nowhere", 404)
    answer = await ledger.http.get("/environments/staging/compare?with_at=soon")
    assert (answer.status_code, answer.json()["errors"][0].partition(":")[0]) == (400, "with_at")
