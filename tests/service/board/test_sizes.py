"""Pages fit the screen that they are on: 320 to 2,560 pixels, zoomed, printed, with forced colours, and with names as
long as Kubernetes allows in 40 places."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from ...support.running_ledger import RunningLedger, serving
from ...support.service.axe import VISUAL, violations
from ...support.service.story import Story, ago, telling

WIDTHS = (320, 390, 640, 704, 768, 960, 1280, 1920, 2560)  # 640 is also 1,280 at 200 %
FITS = """document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll(".top > *")].every(
    (it) => it.getBoundingClientRect().right < innerWidth - parseFloat(getComputedStyle(it.parentNode).paddingRight) + 1
)"""
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


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Page:
    """One that each test leads elsewhere: a new one costs a second of processor time."""
    return chromium.new_context().new_page()


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
        "/board/figures",
        "/board/figures?environment=live",
        "/board/figures/deployments",
        "/board/figures/failures",
        f"/board/releases/{NAMES[0]}/{VERSION}",
        "/board/search?q=aaaa",
        f"/board/search?q={'z' * 200}",
        f"/board/{'lost' * 50}",
    ]


@pytest.mark.long
@pytest.mark.parametrize("path", paths())
def test_long_names_never_overflow(names: Story, page: Page, path: str) -> None:
    page.emulate_media(media="screen")
    page.goto(names.url + path.replace("{then}", f"{ago(3):%Y-%m-%dT%H:%M:%S}"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(FITS), width
        assert page.evaluate(CLIPPED) == [], width
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    assert page.evaluate(FITS), "printed"


@pytest.mark.parametrize("path", ["/", "/?wall"])
def test_the_largest_letters_that_a_reader_chose_still_fit(names: Story, page: Page, path: str) -> None:
    """Twice as large, set in the browser: no size in the style sheet is in pixels of its own."""
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(names.url + path)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(FITS)


@pytest.mark.long
@pytest.mark.parametrize("path", [*paths()[:3], "/?wall", "/board/compare", "/board/history", "/board/figures"])
def test_they_are_accessible_with_forced_colours_and_by_night(names: Story, page: Page, path: str) -> None:
    """All rules by day; by night and with forced colours those that hang on colours."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(media="screen", color_scheme="light", forced_colors="none")
    page.goto(names.url + path)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, VISUAL) == [], "by night"
    page.emulate_media(forced_colors="active")
    assert violations(page, VISUAL) == [], "with forced colours"
    page.emulate_media(color_scheme="light", forced_colors="none")


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    """Those of the longest names, two of them in a group."""
    group = f"production-{'x' * 48}"
    several = [f"{'e' * 61}-1", f"{group}-eu", f"{group}-us"]
    order = f"{several[0]}, {group} = {several[1]} + {several[2]}"
    with serving(tmp_path_factory.mktemp("environments"), "orders", several, ENVIRONMENTS=order) as ledger:
        for number, environment in enumerate(several):
            for name in NAMES[:3]:
                ledger.hears(environment, f"{number}.{VERSION}", name=name)
        yield ledger


@pytest.mark.parametrize(
    "path", ["/", "/board/compare", "/board/compare?first=lost", f"/board/history?environment={'q' * 63}", "/?wall"]
)
def test_nor_do_those_of_environments(environments: RunningLedger, page: Page, path: str) -> None:
    page.emulate_media(media="screen")
    page.goto(environments.url + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(FITS), width
