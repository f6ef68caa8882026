"""What blocks a HelmRelease for a moment is told while it does, and is no entry of the history."""

from typing import Any

import pytest

from service.ledger.events.rebuild import rebuild

from ..support.service.life import tell
from ..support.service.served import Served
from ..support.service.stories import E, L, revision, z

pytestmark = pytest.mark.anyio
OK, V1 = ("True", "InstallSucceeded", 10), revision(1, "deployed", "1.0.0", 0)
INSTALLED = E(10, "InstallSucceeded", "1.0.0", rv=5)


def waiting(seconds: int, since: int, rv: int) -> Any:
    """A new revision of the source makes each HelmRelease wait for its artifact."""
    return L(seconds, V1, rv=rv, ready=("False", "SourceNotReady", since, "the artifact is not there"))


async def blocks(ledger: Served) -> list[tuple[str, str]]:
    items = (await ledger.get("/history?limit=200"))["items"]
    return [(it["kind"], it["when"]) for it in reversed(items) if it["kind"] != "arrived"]


async def test_what_an_observer_saw_for_a_moment_is_none(ledger: Served) -> None:
    await tell(ledger, [INSTALLED, waiting(101, 100, 6)])
    [standing] = (await ledger.get("/environments/staging"))["services"]
    assert (standing["blocked"]["reason"], standing["blocked"]["since"]) == ("SourceNotReady", z(100))
    await tell(ledger, [L(105, V1, rv=7, ready=OK)])
    assert await blocks(ledger) == []
    lasting = [waiting(201, 200, 8), L(240, V1, rv=9, ready=OK), waiting(301, 300, 10), waiting(600, 300, 10)]
    await tell(ledger, lasting)
    found = await blocks(ledger)
    assert found == [("blocked", z(200)), ("unblocked", z(240)), ("blocked", z(300))]
    assert await rebuild() == 1
    assert await blocks(ledger) == found


@pytest.mark.parametrize(("seconds", "told"), [(110, []), (140, [("blocked", z(100))])])
async def test_an_event_of_something_else_makes_no_block_of_a_moment(
    ledger: Served, seconds: int, told: list[tuple[str, str]]
) -> None:
    """A test of a revision that does not run changes nothing; what lasts until then has lasted."""
    other = E(seconds, "TestSucceeded", "9.9.9", rv=8)
    await tell(ledger, [INSTALLED, L(90, V1, rv=6, ready=OK), waiting(101, 100, 7), other])
    assert await blocks(ledger) == told
    assert await rebuild() == 1
    assert await blocks(ledger) == told
