"""The README's pictures, taken of a real board with the sample in it: WAYBILL_PICTURE=1 writes them again."""

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from ...support.service.replica import Replica

TOP = Path(__file__).resolve().parents[3]
PICTURES = {
    "board": ("/", 820, ("orders", "staging", "production", "9.0.0")),
    "service": ("/board/services/orders?window=7d", 760, ("production-eu", "9.0.0", "fails in")),
    "release": ("/board/releases/orders/9.0.0", 620, ("Commit", "Image", "Chart", "Proposal", "Arrivals")),
}


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_of_this_board(
    small: Replica, chromium: Browser, name: str, scheme: Literal["light", "dark"]
) -> None:
    path, height, told = PICTURES[name]
    context = chromium.new_context(viewport={"width": 1200, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(small.url + path)
    file = TOP / ".github" / (f"{name}.png" if scheme == "light" else f"{name}-dark.png")
    if os.environ.get("WAYBILL_PICTURE"):
        page.screenshot(path=file)
    for text in told:
        assert page.get_by_text(text).first.is_visible(), text
    assert file.read_bytes().startswith(b"\x89PNG")
    assert f".github/{file.name}" in (TOP / "README.md").read_text()
    context.close()
