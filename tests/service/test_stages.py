"""Which environments form a group is told to those that ask for one by the group's name."""

from pathlib import Path

import pytest

from ..support.service.served import served

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
