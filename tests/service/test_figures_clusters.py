"""Delivery figures where two clusters report as one place."""

import pytest

from ..support.service import stories
from ..support.service.life import tell
from ..support.service.served import Served
from ..support.service.stories import z


@pytest.mark.anyio
async def test_two_clusters_that_report_as_one_place_are_named(ledger: Served) -> None:
    """What fails in one cannot be told from what is well in the other."""
    one, other = {"uid": "u1"}, {"uid": "u2"}
    installed = [stories.E(second, "InstallSucceeded", "1.0.0", **it) for second, it in ((0, one), (300, other))]
    upgraded = [
        stories.E(400, "UpgradeFailed", "1.1.0", rv=2, **one),
        stories.E(410, "UpgradeSucceeded", "1.1.0", rv=2, **other),
    ]
    await tell(ledger, [*installed, *upgraded])
    await tell(ledger, [stories.E(0, "InstallSucceeded", "1.0.0", name="other")], "production")
    for query, contested in (
        (f"from={z(0)}&to={z(900)}", ["staging"]),
        (f"from={z(800)}&to={z(900)}", ["staging"]),
        (f"service=orders&from={z(0)}&to={z(900)}", ["staging"]),
        (f"service=other&from={z(0)}&to={z(900)}", []),
        (f"environment=production&from={z(0)}&to={z(900)}", []),
        (f"from={z(0)}&to={z(300)}", []),
    ):
        assert (await ledger.get(f"/figures?{query}"))["contested"] == contested
        page = (await ledger.http.get(f"/board/figures?{query}")).text
        assert ("In staging two clusters have reported as one place" in page) == bool(contested)
