"""Which environments form a group is told to those that ask for one by the group's name."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.ledger import history
from service.pages import history as pages_history

from ..support.service.served import Served, document, event, served, signature

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_the_order_and_the_groups_are_those_of_the_settings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="staging, live = live-eu + live-us") as ledger:
        assert (await ledger.get("/stages"))["items"] == [
            {"name": "staging", "environments": ["staging"]},
            {"name": "live", "environments": ["live-eu", "live-us"]},
        ]


async def test_without_the_setting_there_is_none(tmp_path: Path) -> None:
    async with served(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        assert (await ledger.get("/stages"))["items"] == []


async def test_the_history_of_a_group_is_that_of_its_environments(tmp_path: Path) -> None:
    """In the API, in the feed, and on the page that links both."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="live = staging + production, qa") as ledger:
        for name, environment in (("web", "staging"), ("orders", "production")):
            await ledger.say(event(name=name), environment)
        items = (await ledger.get("/history?environment=live"))["items"]
        assert {it["environment"] for it in items} == {"staging", "production"}
        feed = (await ledger.http.get("/history.atom?environment=live")).text
        page = (await ledger.http.get("/board/history?environment=live")).text
        for name in ("web", "orders"):
            assert name in feed
            assert f'href="/board/services/{name}"' in page


async def test_a_page_of_history_does_not_say_that_nothing_is_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happened in a group is picked from what happened in all: where there is little of it, none may be found."""
    monkeypatch.setattr(history, "PICKED", 1)
    monkeypatch.setattr(pages_history, "PAGE", 2)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="live = production + other") as ledger:
        for number, environment in enumerate(("production", "staging", "staging", "staging")):
            await ledger.say(event(name=f"s{number}", at=NOON + timedelta(minutes=number)), environment)
        shown = (await ledger.http.get("/board/history?environment=live")).text
        assert "Nothing among the newest of all that happened: see what is older." in shown
        [older] = re.findall(r'rel="next" href="([^"]+)"', shown)
        shown = (await ledger.http.get(older.replace("&amp;", "&"))).text
        assert "/board/services/s0" in shown
        assert "Nothing" not in shown


async def test_a_group_has_a_badge_and_its_part_of_the_board(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="live = staging + production") as ledger:
        await ledger.say(event(revision="1.0.0"), "staging")
        await ledger.say(event("UpgradeFailed", "1.1.0"), "production")
        badge = (await ledger.http.get("/badge/orders/live.svg")).text
        assert "orders live: 1.0.0 and nothing failing" in badge
        page = await ledger.http.get("/board/environments/live")
        assert (page.status_code, page.headers["location"]) == (303, "/?environment=live")
        found = await ledger.http.get("/board/search?q=live")
        assert (found.status_code, found.headers["location"]) == (303, "/board/environments/live")
        assert 'href="/board/environments/live"' in (await ledger.http.get("/board/search?q=liv")).text


async def _shown(ledger: Served, query: str) -> str:
    page = await ledger.http.get(f"/board/compare{query}")
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


async def test_a_group_is_compared_by_what_each_of_its_environments_runs(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'ledger.db'}", {it: f"{it}-key-0123456789" for it in ("qa", "eu", "us")}
    async with served(url, ENVIRONMENTS="qa, live = eu + us + ap", FLUX_KEYS=json.dumps(keys)) as ledger:
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            for name in ("orders", "web", "cart"):
                await ledger.file(document(name, version))
        runs = {
            "qa": {"orders": "1.2.0", "web": "1.1.0", "cart": "1.0.0", "mailer": "1.0.0"},
            "eu": {"orders": "1.1.0", "web": "1.2.0", "cart": "1.0.0"},
            "us": {"orders": "1.0.0", "web": "1.0.0", "cart": "1.0.0"},
        }
        for environment, services in runs.items():
            for name, version in services.items():
                body = json.dumps(event(revision=version, name=name)).encode()
                headers = {"X-Signature": signature(body, keys[environment])}
                assert (await ledger.http.post(f"/hooks/flux/{environment}", content=body, headers=headers)).is_success
        shown = await _shown(ledger, "")
        assert shown == await _shown(ledger, "?first=qa&second=live")
        assert "1 service in qa is ahead of live. 1 runs the same release in both. 1 runs only in qa" in shown
        assert "Ahead in qa (1)" in shown
        assert "orders 1.1.0 eu , 1.0.0 us 1.2.0 2 " in shown
        assert "Cannot be ordered (1)" in shown
        assert "web 1.2.0 eu , 1.0.0 us 1.1.0" in shown
        assert "Only in qa (1)" in shown
        assert "ap has not reported." in shown
        assert "waybill compare qa live · as JSON: qa and eu , qa and us" in shown
        assert "now and now run the same." in await _shown(ledger, "?first=live&second=live")
        back = await _shown(ledger, "?first=live&second=qa")
        assert "1 service of live and qa cannot be ordered." in back
        assert "Ahead in qa (1)" in back
        none = await ledger.http.get("/board/compare?first=lives")
        assert none.status_code == 404
        assert "lives is none of what can be compared: live, qa, eu, us." in none.text
