"""The README's picture of the board, taken of a real one: WAYBILL_PICTURE=1 writes it again."""

import os
from pathlib import Path

from playwright.sync_api import Page

from ...support.service.replica import Replica

PICTURE = Path(__file__).resolve().parents[3] / ".github" / "board.png"


def test_the_picture_is_of_this_board(small: Replica, page: Page) -> None:
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(small.url)
    taken = page.screenshot()
    if os.environ.get("WAYBILL_PICTURE"):
        PICTURE.write_bytes(taken)
    for told in ("orders", "staging", "production", "9.0.0"):
        assert page.get_by_text(told).first.is_visible()
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
