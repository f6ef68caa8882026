"""Which commits delivery figures count: each once in an environment, with the first release that brought it."""

from datetime import timedelta

import pytest

from ..support.service.figure_examples import MONDAY
from ..support.service.served import Served, document, event

pytestmark = pytest.mark.anyio


async def _filed(ledger: Served, version: str, commit: str) -> None:
    source = {"commit": commit * 40, "committed_at": f"{MONDAY:%Y-%m-%dT%H:%M:%SZ}"}
    assert (await ledger.file(document("orders", version, source=source))).status_code == 201


async def _ran(ledger: Served, version: str, hour: int) -> None:
    said = event("UpgradeSucceeded", version, at=MONDAY + timedelta(hours=hour), resource_version=hour)
    assert (await ledger.say(said, "production")).status_code == 201


async def _counted(ledger: Served, begins: int, ends: int) -> list[tuple[str, str]]:
    first, last = (f"{MONDAY + timedelta(hours=it):%Y-%m-%dT%H:%M:%SZ}" for it in (begins, ends))
    items = (await ledger.get(f"/figures/commits?from={first}&to={last}&limit=100"))["items"]
    return [(it["version"], it["commit"][0]) for it in items]


async def test_a_commit_that_came_with_a_later_release_is_not_counted_again(ledger: Served) -> None:
    """Also where its other release runs in a period that is asked for by itself."""
    for version, commit in (("1.0.0", "a"), ("1.1.0", "b"), ("1.2.0", "c"), ("1.3.0", "b")):
        await _filed(ledger, version, commit)
    for hour, version in ((1, "1.0.0"), (2, "1.2.0"), (10, "1.3.0")):
        await _ran(ledger, version, hour)
    assert sorted(await _counted(ledger, 0, 20)) == [("1.0.0", "a"), ("1.2.0", "b"), ("1.2.0", "c")]
    assert await _counted(ledger, 9, 11) == []


async def test_one_commit_may_be_built_each_night(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a newer base image: that is many releases of it, and one commit, and little to read."""
    monkeypatch.setattr("service.ledger.figures_lines.MOST", 100)
    await _filed(ledger, "1.0.0", "a")
    for number in range(1, 60):
        await _filed(ledger, f"1.0.{number}", "b")
    for number in range(60):
        await _ran(ledger, f"1.0.{number}", number + 1)
    assert await _counted(ledger, 0, 100) == [("1.0.1", "b"), ("1.0.0", "a")]
    assert await _counted(ledger, 40, 60) == []
