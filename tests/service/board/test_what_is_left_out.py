"""A page that cannot show all says so, and says where the rest is. It claims nothing of what it does not show."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from service.ledger.arrivals.window import arrivals_between
from service.ledger.environments import state
from service.ledger.environments.place import PlaceState
from service.pages import board, environments, search
from service.pages.condition import PlaceCondition, condition
from service.pages.words import second

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
    assert "The only service is healthy. 1 service in 1 environment." in text(await page(ledger, "/"))
    await ledger.say(event("InstallFailed", "2.0.0"), "production")
    assert "orders is failing." in text(await page(ledger, "/"))
    monkeypatch.setattr(state, "MOST", 1)
    shown = await page(ledger, "/")
    assert "<title>Nothing failing " in shown
    assert "Nothing is known to be failing. This page is about the first 1 of 2 environments;" in text(shown)
    [rest] = re.findall(r'href="(/environments\?[^"]+)"', shown)
    assert [it["environment"] for it in (await ledger.get(rest.replace("&amp;", "&")))["items"]] == ["production"]


@pytest.mark.parametrize(
    ("health", "cause", "word", "tone"),
    [
        ("healthy", None, "healthy", ""),
        ("failing", "UpgradeFailed", "failing", "ill"),
        ("failing", "DriftDetected", "drifted", "ill"),
        ("progressing", None, "rolling out", "open"),
        ("unknown", None, "unknown", "unknown"),
        ("unknown", "silent", "last known", "unknown"),
        ("unheard-of", None, "unknown", "unknown"),
    ],
)
def test_what_is_not_known_to_be_healthy_is_not_called_so(health: str, cause: str | None, word: str, tone: str) -> None:
    place = PlaceState("orders", "apps/orders", health, NOW, "event", None, None, health_cause=cause)
    assert condition(place) == PlaceCondition(word, tone)


@pytest.mark.long
async def test_the_board_shows_the_latest_arrivals_and_where_all_are(ledger: Served) -> None:
    for number in range(board.LATEST + 1):
        await ledger.say(event(name=f"s{number}", at=NOW - timedelta(hours=20 - number)))
    shown = await page(ledger, "/")
    latest = shown.partition('<ol class="latest">')[2].partition("</ol>")[0]
    assert re.findall(r'href="/board/services/([^"]+)"', latest) == [f"s{it}" for it in range(board.LATEST, 0, -1)]
    assert '<a href="/board/history">all that happened</a>' in shown


async def test_an_environment_says_since_when_failures_are_marked(
    ledger: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "MOST_FAILURES", 2)
    await ledger.say(event(revision="1.0.0", at=NOW - timedelta(hours=5)))
    assert "too many failures" not in await page(ledger, "/board/environments/staging?window=24h")
    for number in range(3):
        await ledger.say(event("UpgradeFailed", "1.1.0", at=NOW - timedelta(hours=4 - number)))
    at = second(NOW - timedelta(hours=3))
    assert f"older ones than {at} are missing" in text(await page(ledger, "/board/environments/staging?window=24h"))


async def test_failures_after_a_moment_hide_none_before_it(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "MOST_FAILURES", 1)
    await ledger.say(event(revision="1.0.0", at=NOW - timedelta(days=20)))
    await ledger.say(event("UpgradeFailed", "1.1.0", at=NOW - timedelta(days=19)))
    await ledger.say(event("UpgradeFailed", "1.2.0", at=NOW - timedelta(days=1)))
    then = f"{NOW - timedelta(days=18):%Y-%m-%dT%H:%M:%S}"
    shown = await page(ledger, f"/board/environments/staging?window=7d&at={then}")
    assert "1.1.0 failed, " in shown
    assert "1.2.0 failed, " not in shown
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


async def test_a_search_says_that_it_found_more(ledger: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 50)
    for number in range(51):
        await ledger.file(document(version=f"1.0.{number}"))
    shown = text(await page(ledger, "/board/search?q=1.0"))
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
