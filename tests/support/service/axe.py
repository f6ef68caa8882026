"""What axe finds wrong in a page that is open in a browser: https://github.com/dequelabs/axe-core"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The rules whose answer hangs on the window's size or on the colours.
VISUAL = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}


def violations(page: Page, options: dict[str, list[str]] | None = None) -> list[tuple[str, list[str]]]:
    """The rule, and the elements that break it."""
    found = Axe().run(page, options=options).response["violations"]
    return [(it["id"], [node["html"] for node in it["nodes"]]) for it in found]
