"""An arrival says what ran from when to when; those of a digest are those of its releases."""

from datetime import UTC, datetime, timedelta

import pytest

from ..support.service.pages import pages
from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE, CHART = f"sha256:{'a' * 64}", f"sha256:{'f' * 64}"


async def test_an_arrival(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event(at=NOON))
    await ledger.say(event("UpgradeSucceeded", "1.5.0", at=NOON + timedelta(minutes=5)))
    arrival = (await ledger.get("/environments/staging/arrivals"))["items"][1]
    assert arrival == {
        "environment": "staging",
        "place": "apps/orders",
        "service": "orders",
        "release": {
            "version": "1.4.2",
            "build": None,
            "known": True,
            "mismatched": False,
            "image": f"ghcr.io/acme/orders@{IMAGE}",
            "images": {"orders": f"ghcr.io/acme/orders@{IMAGE}"},
            "commit": "c" * 40,
            "url": "/releases/orders/1.4.2",
        },
        "from": "2026-03-01T12:00:00Z",
        "until": "2026-03-01T12:05:00Z",
        "basis": "late",
        "ended_by": "UpgradeSucceeded",
        "last_known_at": None,
    }


async def test_arrivals_by_digest(ledger: Served) -> None:
    """An image's are those of its releases; a chart's those that reported it, or whose release has it."""
    await ledger.file(document("orders", "1.0.0"))
    await ledger.file(document("web", "1.0.0", chart={"digest": f"sha256:{'8' * 64}"}))
    await ledger.say(event(revision="1.0.0", at=NOON))
    await ledger.say(event(revision="1.0.0", name="web", at=NOON + timedelta(minutes=1)), "production")
    await ledger.say(event(revision="1.0.0", name="other", at=NOON))
    image = await ledger.get(f"/digests/{IMAGE}")
    assert image["kind"] == "image"
    assert [(it["environment"], it["service"]) for it in image["items"]] == [
        ("production", "web"),
        ("staging", "orders"),
    ]
    chart = await ledger.get(f"/digests/{CHART}")
    assert (chart["kind"], [it["service"] for it in chart["items"]]) == ("chart", ["orders"])
    assert [it for page in await pages(ledger, f"/digests/{IMAGE}", 1) for it in page] == image["items"]
