"""Which services there are, whoever told of them."""

from datetime import UTC, datetime

import pytest

from ..support.service.pages import pages
from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_services_by_name_whoever_told_of_them(ledger: Served) -> None:
    assert (await ledger.get("/services"))["items"] == []
    for version in ("1.0.0", "1.1.0"):
        await ledger.file(document("orders", version))
    await ledger.say(event(name="web", at=NOON))
    await ledger.say(event(name="web", namespace="other", at=NOON))
    await ledger.say(event("InstallFailed", name="broken", at=NOON), "production")
    await ledger.say(event(name="gone", at=NOON))
    await ledger.say(event("UninstallSucceeded", name="gone", at=NOON, resource_version=2))
    for limit in (1, 2, 50):
        found = [it for page in await pages(ledger, "/services", limit) for it in page]
        assert [(it["service"], it["newest"]) for it in found] == [
            ("broken", None),
            ("gone", None),
            ("orders", "1.1.0"),
            ("web", None),
        ]
        assert [it["environments"] for it in found] == [
            [{"environment": "production", "places": 1}],
            [],
            [],
            [{"environment": "staging", "places": 2}],
        ]
