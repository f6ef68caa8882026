"""Pages fit the screen that they are on: 320 to 2,560 pixels, zoomed, printed, with forced colours, and with names as
long as Kubernetes allows in 40 places."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from ...support.service.story import Story, ago, telling

WIDTHS = (320, 390, 640, 704, 768, 960, 1280, 1920, 2560)  # 640 is also 1,280 at 200 %
FITS = "document.documentElement.scrollWidth <= innerWidth"
# What sticks out of its own box, though the page may hide it; a box that scrolls may hold more.
CLIPPED = """[...document.querySelectorAll("main *")].filter((it) => {
    const style = getComputedStyle(it);
    return it.clientWidth && it.scrollWidth > it.clientWidth + 1 && !["auto", "scroll"].includes(style.overflowX)
        && style.display !== "inline" && !it.closest("svg, thead") && !it.matches(".unseen, .why, .station");
}).map((it) => it.outerHTML.slice(0, 120))"""
LONG = [
    f"{'a' * 10}-{number:02}-" + "of-a-service-with-a-very-long-name-"[: 53 - 14 - len("x")] for number in range(20)
]
NAMES = [it.ljust(53, "x") for it in LONG]
VERSION = "1234567890.1234567890.1234567890"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with telling(tmp_path_factory.mktemp("names"), ENVIRONMENTS="staging, live = production + canary") as story:
        for number, name in enumerate(NAMES):
            for environment in ("staging", "production"):
                reason = "UpgradeFailed" if number < 4 else "InstallSucceeded"
                story.say(environment, reason, VERSION, 30 - number, name=name, namespace="n" * 63)
        story.file(VERSION, NAMES[0])
        yield story


def paths() -> list[str]:
    return [
        "/",
        "/?behind=1&name=aaaa",
        f"/board/services/{NAMES[0]}",
        f"/board/services/{NAMES[9]}",
        "/board/environments/staging",
        "/board/environments/staging?at={then}",
        f"/board/environments/staging/said?place={'n' * 63}/{NAMES[0]}&at=2026-01-01",
        "/board/compare",
        "/board/history",
        f"/board/releases/{NAMES[0]}/{VERSION}",
        "/board/search?q=aaaa",
        f"/board/search?q={'z' * 200}",
        f"/board/{'lost' * 50}",
    ]


@pytest.mark.parametrize("path", paths())
def test_long_names_never_overflow(names: Story, chromium: Browser, path: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(names.url + path.replace("{then}", f"{ago(3):%Y-%m-%dT%H:%M:%S}"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(FITS), width
        assert page.evaluate(CLIPPED) == [], width
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    assert page.evaluate(FITS), "printed"
    context.close()


@pytest.mark.parametrize("path", ["/", "/?wall"])
def test_the_largest_letters_that_a_reader_chose_still_fit(names: Story, chromium: Browser, path: str) -> None:
    """Twice as large, set in the browser: no size in the style sheet is in pixels of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(names.url + path)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(FITS)
    context.close()


@pytest.mark.parametrize("path", [*paths()[:3], "/?wall", "/board/compare", "/board/history"])
def test_they_are_accessible_with_forced_colours_and_by_night(names: Story, chromium: Browser, path: str) -> None:
    for scheme, forced in (("dark", "none"), ("light", "none"), ("dark", "active")):
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            forced_colors="active" if forced == "active" else "none",
        )
        page = context.new_page()
        page.goto(names.url + path)
        found = Axe().run(page).response["violations"]
        assert [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in found] == [], (scheme, forced)
        context.close()
