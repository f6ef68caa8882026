"""Each thing that happened opens what was said of it: told when, received when, by whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from ...support.service.served import Served, document, event, gitops
from ...support.service.snapshots import deployed, see, snapshot

pytestmark = pytest.mark.anyio
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
HOSTILE = "<script>alert(1)</script> \u202eback"


async def opened(ledger: Served, path: str) -> list[str]:
    """The pages that a table's last column opens, as text."""
    page = (await ledger.http.get(path)).text
    cells = re.findall(r'data-label="Known by">(.*?)</td>', page, re.DOTALL)
    links = [it.replace("&amp;", "&") for cell in cells for it in re.findall(r'href="([^"]+)"', cell)]
    answers = [await ledger.http.get(it) for it in links]
    assert [it.status_code for it in answers] == [200] * len(links)
    return [" ".join(re.sub(r"<[^>]+>", " ", it.text.partition("<main")[2]).split()) for it in answers]


@pytest.mark.long
async def test_an_arrival_and_a_failure_open_their_events(ledger: Served) -> None:
    await ledger.file(document(gitops=gitops()))
    await ledger.say(event(at=AT))
    await ledger.say(event("UpgradeFailed", "1.5.0", at=AT + timedelta(minutes=1), message=HOSTILE, resource_version=2))
    for path in ("/board/history", "/board/services/orders", "/board/environments/staging"):
        failed, arrived = await opened(ledger, path)
        assert failed.count("UpgradeFailed") == 1
        assert "<script>" not in failed
        assert "\u202e" not in failed
        assert f"{AT + timedelta(minutes=1):%H:%M:%S}" in failed
        assert "key of staging" in failed
        assert "event late" in failed  # it came two hours after it was told
        assert "InstallSucceeded" not in failed
        assert [word in arrived for word in ("InstallSucceeded", "1.4.2", "UpgradeFailed")] == [True] * 3


async def test_what_an_observer_saw_is_opened_too(ledger: Served) -> None:
    assert (await see(ledger, snapshot(deployed("1.4.2", AT), taken=AT + timedelta(minutes=3)))).status_code == 201
    [arrived] = await opened(ledger, "/board/history?kind=arrived")
    assert "snapshot" in arrived
    assert f"{AT + timedelta(minutes=3):%H:%M:%S}" in arrived


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("place=apps/orders", 404),
        ("place=apps/orders&at=soon", 404),
        ("place=%00&at=2026-01-01", 404),
        ("place=apps/nothing&at=2026-01-01", 404),
        ("place=apps/orders&at=2999-01-01", 404),
        ("place=apps/orders&at=1969-01-01", 200),
    ],
)
async def test_what_nobody_said_is_not_there(ledger: Served, query: str, status: int) -> None:
    await ledger.say(event(at=AT))
    assert (await ledger.http.get(f"/board/environments/staging/said?{query}")).status_code == status
    assert (await ledger.http.get("/board/environments/%00/said?place=apps/orders&at=2026-01-01")).status_code == 404
