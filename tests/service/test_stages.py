"""Which environments form a group is told to those that ask for one by the group's name."""

from pathlib import Path

import pytest

from ..support.service.served import event, served

pytestmark = pytest.mark.anyio


async def test_the_order_and_the_groups_are_those_of_the_settings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="staging, production = production-eu + production-us") as ledger:
        assert (await ledger.get("/stages"))["items"] == [
            {"name": "staging", "environments": ["staging"]},
            {"name": "production", "environments": ["production-eu", "production-us"]},
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


async def test_a_group_has_a_badge_and_its_part_of_the_board(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with served(url, ENVIRONMENTS="live = staging + production") as ledger:
        await ledger.say(event(revision="1.0.0"), "staging")
        await ledger.say(event("UpgradeFailed", "1.1.0"), "production")
        badge = (await ledger.http.get("/badge/orders/live.svg")).text
        assert "orders live: 1.0.0 and nothing failing" in badge
        page = await ledger.http.get("/board/environments/live")
        assert (page.status_code, page.headers["location"]) == (303, "/?environment=live")
