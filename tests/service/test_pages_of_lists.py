"""Pages of a list join to the whole, whatever is added meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from ..support.service.pages import pages
from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def many_arrivals(ledger: Served) -> None:
    """7 in staging and 5 in production, two services each, some within one second."""
    for number in range(7):
        for environment in ("staging", "production")[: 2 if number < 5 else 1]:
            at = NOON + timedelta(seconds=number // 2)
            name = ("orders", "web")[number % 2]
            await ledger.say(event(revision=f"1.{number}.0", name=name, at=at, resource_version=number), environment)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_pages_join_to_the_whole(ledger: Served, limit: int) -> None:
    await many_arrivals(ledger)
    for path, count in [
        ("/environments/staging/arrivals", 7),
        ("/environments/staging/arrivals?service=web", 3),
        ("/services/orders", 7),
        ("/environments", 2),
    ]:
        found = await pages(ledger, path, limit)
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1), path
        joined = [it for page in found for it in page]
        assert len(joined) == count, path
        if path != "/environments":
            assert joined == (await ledger.get(path + ("&" if "?" in path else "?") + "limit=200"))["items"]
            assert [it["from"] for it in joined] == sorted((it["from"] for it in joined), reverse=True)


async def test_what_comes_meanwhile_neither_repeats_nor_hides(ledger: Served) -> None:
    await many_arrivals(ledger)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        await ledger.file(document(version=version))
    first = await ledger.get("/environments/staging/arrivals?limit=3")
    releases = await ledger.get("/releases?limit=2")
    await ledger.say(event(revision="2.0.0", at=NOON + timedelta(days=1)))
    await ledger.file(document(version="1.3.0"))
    rest = await ledger.get(f"/environments/staging/arrivals?cursor={first['next']}")
    assert [it["release"]["version"] for it in first["items"] + rest["items"]] == [f"1.{n}.0" for n in range(6, -1, -1)]
    rest = await ledger.get(f"/releases?cursor={releases['next']}")
    assert [it["chart"]["version"] for it in releases["items"] + rest["items"]] == ["1.2.0", "1.1.0", "1.0.0"]
