"""A page that cannot show all says so, and says where the rest is. It claims nothing of what it does not show."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from service.ledger.arrivals.window import arrivals_between
from service.ledger.environments.state import EnvironmentState, PlaceState
from service.pages import board, environments
from service.pages.matrix import Row, rows

from ...support.service.served import Served, document, event

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC).replace(microsecond=0)


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def page(ledger: Served, path: str) -> str:
    answer = await ledger.http.get(path)
    assert answer.status_code == 200
    return answer.text


async def test_the_board_says_how_many_environments_it_does_not_show(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.say(event(), "staging")
    assert "Everything that runs is healthy. 1 service in 1 environment." in text(await page(ledger, "/"))
    await ledger.say(event("InstallFailed", "2.0.0"), "production")
    assert "orders is failing." in text(await page(ledger, "/"))
    monkeypatch.setattr(board, "MOST_ENVIRONMENTS", 1)
    shown = await page(ledger, "/")
    assert "<title>Nothing failing " in shown
    assert "Nothing is known to be failing. This page is about the first 1 of 2 environments;" in text(shown)
    [rest] = re.findall(r'href="(/environments\?[^"]+)"', shown)
    assert [it["environment"] for it in (await ledger.get(rest.replace("&amp;", "&")))["items"]] == ["production"]


def test_unknown_health_is_not_called_healthy() -> None:
    def row(*health: str) -> Row:
        places = [
            PlaceState("orders", f"apps/{number}", it, NOW, "event", None, None) for number, it in enumerate(health)
        ]
        [only] = rows([EnvironmentState("staging", NOW, NOW, places)], {})
        return only

    assert [row("healthy", "healthy").healthy, row("healthy", "unknown").healthy] == [True, False]
    assert [row("healthy", "unknown").failing, row("healthy", "failing").failing] == [False, True]


async def test_the_board_names_the_time_of_its_arrivals_and_says_if_there_are_more(ledger: Served) -> None:
    await ledger.say(event(revision="1.0.0", name="old", at=NOW - timedelta(days=30)))
    assert "No arrival in the last 14 days." in text(await page(ledger, "/"))
    for number in range(board.LATEST):
        await ledger.say(event(name=f"s{number}", at=NOW - timedelta(hours=20 - number)))
    shown = text(await page(ledger, "/"))
    assert "The latest arrival: s11 1.4.2 in staging" in shown
    assert "Arrivals of the last 14 days" in shown
    assert "These are the newest" not in shown
    await ledger.say(event(name="one-more"))
    assert "These are the newest 12; the page of an environment lists all of its arrivals." in text(
        await page(ledger, "/")
    )


@pytest.mark.parametrize(("events_after", "failures", "since"), [(0, 3, 3), (200, 1, 2)])
async def test_an_environment_says_since_when_failures_are_marked(
    ledger: Served, monkeypatch: pytest.MonkeyPatch, events_after: int, failures: int, since: int
) -> None:
    """Cut because there are too many failures, or too many events to look through."""
    monkeypatch.setattr(environments, "MOST_FAILURES", 2)
    await ledger.say(event(revision="1.0.0", at=NOW - timedelta(hours=5)))
    assert "too many failures" not in await page(ledger, "/board/environments/staging?window=24h")
    for number in range(failures):
        await ledger.say(event("UpgradeFailed", "1.1.0", at=NOW - timedelta(hours=4 - number)))
    for number in range(events_after):
        at = NOW - timedelta(hours=since) + timedelta(seconds=number)
        await ledger.say(event("UpgradeSucceeded", "1.2.0", at=at, resource_version=number))
    at = f"{NOW - timedelta(hours=since):%Y-%m-%d %H:%M:%S} UTC"
    assert f"older ones than {at} are missing" in await page(ledger, "/board/environments/staging?window=24h")


async def test_failures_after_a_moment_hide_none_before_it(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "MOST_FAILURES", 1)
    await ledger.say(event(revision="1.0.0", at=NOW - timedelta(days=20)))
    await ledger.say(event("UpgradeFailed", "1.1.0", at=NOW - timedelta(days=19)))
    await ledger.say(event("UpgradeFailed", "1.2.0", at=NOW - timedelta(days=1)))
    then = f"{NOW - timedelta(days=18):%Y-%m-%dT%H:%M:%S}"
    shown = await page(ledger, f"/board/environments/staging?window=7d&at={then}")
    assert "UpgradeFailed 1.1.0" in shown
    assert "too many failures" not in shown


async def test_a_release_with_many_arrivals_says_which_it_lists_and_still_where_it_runs(ledger: Served) -> None:
    await ledger.file(document())
    annotated = {"revision": "1.4.2", "service": "orders"}
    await ledger.say(event(metadata=annotated, at=NOW - timedelta(days=3)), "production")
    for number in range(6):
        await ledger.say(event(metadata=annotated, name=f"orders-{number}", at=NOW - timedelta(hours=1)))
    shown = text(await page(ledger, "/board/releases/orders/1.4.2"))
    assert "Runs in production , staging ." in shown
    assert "All arrivals" in shown
    assert "The list below has more." in shown
    for number in range(6, 200):
        await ledger.say(event(metadata=annotated, name=f"orders-{number}"))
    cut = await page(ledger, "/board/releases/orders/1.4.2")
    assert "Runs in production , staging ." in text(cut)
    assert "The newest 200 arrivals" in text(cut)
    assert "All arrivals of the service are in GET /services/orders ." in text(cut)
    assert cut.count('<th scope="row">') == 200


async def test_a_release_that_was_uninstalled_does_not_run(ledger: Served) -> None:
    await ledger.file(document())
    await ledger.say(event(at=NOW - timedelta(hours=2)))
    await ledger.say(event("UninstallSucceeded", at=NOW - timedelta(hours=1)))
    assert "Does not run any more." in text(await page(ledger, "/board/releases/orders/1.4.2"))


async def test_a_search_says_that_it_found_more(ledger: Served) -> None:
    for number in range(51):
        await ledger.file(document(version=f"1.0.{number}"))
    shown = text(await page(ledger, "/board/search?q=orders"))
    assert "50 releases and more" in shown
    assert "These are not all: give more of the text to find fewer." in shown


async def test_a_window_is_complete_or_says_where_it_begins(ledger: Served) -> None:
    """A place that changed long ago is drawn beside one that changes all the time."""
    await ledger.say(event(revision="1.0.0", name="quiet", at=NOW - timedelta(days=40)))
    await ledger.say(event(revision="1.0.0", name="gone", at=NOW - timedelta(days=40)))
    await ledger.say(event("UninstallSucceeded", "1.0.0", name="gone", at=NOW - timedelta(days=35)))
    for number in range(6):
        await ledger.say(event(revision=f"1.{number}.0", name="busy", at=NOW - timedelta(days=20 - number)))
    whole = await arrivals_between("staging", NOW - timedelta(days=30), NOW, 50)
    assert (whole.begins, len(whole.arrivals)) == (NOW - timedelta(days=30), 7)
    cut = await arrivals_between("staging", NOW - timedelta(days=30), NOW, 3)
    assert cut.begins == NOW - timedelta(days=17)
    found = [(it.place, it.release.version) for it in cut.arrivals]
    assert sorted(found) == [("apps/busy", f"1.{number}.0") for number in (3, 4, 5)] + [("apps/quiet", "1.0.0")]
    then = await arrivals_between("staging", NOW - timedelta(days=38), NOW - timedelta(days=36), 3)
    assert sorted((it.place, it.until is None) for it in then.arrivals) == [("apps/gone", False), ("apps/quiet", True)]
