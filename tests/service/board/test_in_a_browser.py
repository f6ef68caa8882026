"""The board in a real Chromium, as people have it: by day and by night, on a phone and on a wall."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from service.pages.words import minute, second

from ...support.service.axe import VISUAL, violations
from ...support.service.story import Story, ago, telling

pytestmark = pytest.mark.long

PAGES = {
    "board": "/",
    "filtered": "/?failing=1&name=m",
    "nothing like that": "/?name=zzz",
    "wall": "/?wall",
    "service": "/board/services/orders?window=24h",
    "failing service": "/board/services/mailer",
    "environment": "/board/environments/staging?window=24h",
    "then": f"/board/environments/staging?at={ago(10):%Y-%m-%dT%H:%M:%S}",
    "not yet": "/board/environments/staging?at=2999-01-01",
    "compare": "/board/compare?first=staging&second=production",
    "history": "/board/history",
    "history of a part": "/board/history?service=orders&kind=failed&from=soon",
    "figures": "/board/figures",
    "figures of a part": "/board/figures?service=orders&environment=staging&from=soon",
    "counted": "/board/figures/changes",
    "release": "/board/releases/orders/1.1.0",
    "failed release": "/board/releases/orders/1.2.0",
    "what was said": f"/board/environments/staging/said?place=apps/orders&at={ago(30):%Y-%m-%dT%H:%M:%S}",
    "search": "/board/search?q=1",
    "nothing found": "/board/search?q=zzz",
    "lost": "/board/releases/orders/7.7.7",
}
EACH_KIND = ("board", "service", "environment", "compare", "history", "figures", "counted", "release", "search")
BYTES = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, it) => sum + it.decodedBodySize, 0)"""
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 740},
    "desk": {"width": 1280, "height": 800},
    "wall": {"width": 2560, "height": 1440},
}
FITS = "document.documentElement.scrollWidth <= innerWidth"


def test_every_page_is_accessible_small_and_asks_nobody_else(story: Story, chromium: Browser) -> None:
    """On a phone by night and on a desk by day; on a wall it is as wide as that."""
    context = chromium.new_context(viewport=SIZES["phone"], color_scheme="dark")
    for name, path in PAGES.items():
        page = context.new_page()
        asked, complaints = list[str](), list[str]()
        page.on("request", lambda it, asked=asked: asked.append(it.url))
        page.on("console", lambda it, complaints=complaints: complaints.append(it.text))
        page.goto(story.url + path)
        assert [it for it in asked if not it.startswith(story.url)] == [], name
        assert len(asked) > 2, name
        assert [it for it in complaints if "404" not in it] == [], name
        assert page.evaluate(BYTES) < 100_000, name
        assert page.evaluate(FITS), name
        assert violations(page) == [], name
        page.set_viewport_size(SIZES["desk"])
        page.emulate_media(color_scheme="light")
        assert page.evaluate(FITS), name
        if name in EACH_KIND:
            assert violations(page, VISUAL) == [], name
        page.set_viewport_size(SIZES["wall"])
        assert page.evaluate(FITS), name
        page.close()
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_the_way_from_the_board_to_a_commit(story: Story, chromium: Browser, javascript: bool) -> None:
    page = chromium.new_context(java_script_enabled=javascript).new_page()
    page.goto(story.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("mailer and web are failing.")
    trouble = page.get_by_role("region", name="What needs somebody").get_by_role("listitem").all()
    assert [it.inner_text().split()[0] for it in trouble] == ["mailer", "web", "web"]
    expect(trouble[0]).to_contain_text("0.1.0 failed")
    expect(trouble[0]).to_contain_text("nothing is known to run")
    expect(trouble[2]).to_contain_text("the chart is 000000000000, ffffffffffff was released")
    orders = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="orders"))
    staging, production = orders.get_by_role("cell").all()
    expect(staging).to_contain_text("1.1.0")
    expect(staging).to_contain_text("1.2.0 rolled back")
    expect(production).to_contain_text("1 behind")
    web = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="web")).get_by_role("cell").all()
    expect(web[0]).to_contain_text("not filed")
    expect(web[0]).to_contain_text("failing")
    expect(web[1]).to_contain_text("mismatched")
    orders.get_by_role("link", name="orders").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("orders is healthy everywhere")
    expect(page.get_by_role("main")).to_contain_text("<b>timed out</b>")
    page.get_by_role("list").get_by_role("link", name="1.1.0").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("orders 1.1.0")
    for station in ("Commit", "Image", "Chart", "Proposal", "Arrivals"):
        expect(page.get_by_role("heading", name=station, exact=True)).to_be_visible()
    commit = page.get_by_role("link", name="c" * 36)
    expect(commit).to_have_attribute("href", f"https://example.org/acme/orders/commit/{'110'.rjust(40, 'c')}")
    page.get_by_role("searchbox").fill("1.2.0")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("orders 1.2.0")
    expect(page.get_by_role("main")).to_contain_text("Failed, and does not run anywhere")
    page.get_by_role("link", name="staging").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("staging")


def test_the_timeline_is_to_scale(story: Story, page: Page) -> None:
    """Of the 24 hours before the page was made: 1.0.0 ran from 20 to 8 hours ago, 1.1.0 since then; a version has one
    shade in every lane."""
    page.goto(f"{story.url}/board/services/orders?window=24h")
    ends = datetime.fromisoformat(page.locator("#fresh time").get_attribute("datetime") or "")
    lane = page.locator(".lane", has=page.get_by_role("heading", name="staging")).locator("> svg")
    whole = lane.bounding_box()
    bars = [it.bounding_box() for it in lane.locator("rect.b0, rect.b1, rect.b2").all()]
    failed = lane.get_by_role("link", name=re.compile("1.2.0 failed")).locator("circle").bounding_box()
    assert whole
    assert failed
    assert len(bars) == 2

    def x(moment: datetime) -> float:
        return whole["x"] + whole["width"] * (1 - (ends - moment) / timedelta(hours=24))

    for bar, began, ended in zip(bars, (ago(20), ago(8)), (ago(8), ends), strict=True):
        assert bar
        assert [bar["x"], bar["x"] + bar["width"]] == pytest.approx(
            [x(began), x(ended)], abs=2.5
        )  # the axis ends up to 86 s later
    assert failed["x"] + failed["width"] / 2 == pytest.approx(x(ago(2)), abs=2)
    production = page.locator(".lane", has=page.get_by_role("heading", name="production")).locator("rect.now")
    shades = lane.locator("rect").first.get_attribute("class"), production.get_attribute("class")
    assert [(it or "").split()[0] for it in shades] == ["b0", "b0"]
    hit = lane.locator(".fail rect").first.bounding_box()
    assert hit
    assert min(hit["width"], hit["height"]) >= 24


def test_what_ran_at_a_time_is_asked_with_the_keyboard(story: Story, page: Page) -> None:
    page.goto(f"{story.url}/board/environments/staging")
    page.get_by_label("What ran at").fill(f"{ago(10):%Y-%m-%dT%H:%M:%S}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"staging ran 1 service {second(ago(10))}")
    expect(page.get_by_role("table").first).to_contain_text("1.0.0")
    expect(page.get_by_role("table").first).not_to_contain_text("1.1.0")


def test_the_keyboard_reaches_everything(story: Story, page: Page) -> None:
    page.goto(story.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.goto(f"{story.url}/board/services/orders?window=24h")
    bar = page.get_by_role("link", name=re.compile("^orders 1.0.0, ")).first
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("orders 1.0.0")


def test_an_open_board_follows_and_says_when_it_cannot(tmp_path: Path, chromium: Browser) -> None:
    with telling(tmp_path) as story:
        context = chromium.new_context()
        page = context.new_page()
        page.clock.install()
        page.goto(story.url)
        expect(page).to_have_title("2 failing · Waybill")
        story.say("staging", "UpgradeSucceeded", "9.9.10", 0.1, name="web")
        page.clock.fast_forward(16_000)
        expect(page).to_have_title("1 failing · Waybill")
        expect(page.locator("td.changed").first).to_contain_text("9.9.10")
        context.set_offline(True)
        page.clock.fast_forward(16_000)
        expect(page.locator("html")).to_have_class("stale")
        context.set_offline(False)
        page.clock.fast_forward(16_000)
        expect(page.locator("html")).not_to_have_class("stale")
        context.close()


def test_nothing_moves_under_the_pointer(tmp_path: Path, page: Page) -> None:
    """What changed is offered, while the pointer is on a table, something in it has the focus, or text is selected."""
    with telling(tmp_path) as story:
        page.clock.install()
        page.goto(story.url)
        page.locator("table.matrix").hover()
        story.say("staging", "UpgradeSucceeded", "9.9.10", 0.1, name="web")
        page.clock.fast_forward(16_000)
        offer = page.get_by_role("button", name="1 change, show")
        expect(offer).to_be_visible()
        expect(page.locator("table.matrix")).not_to_contain_text("9.9.10")
        offer.click()
        expect(page.locator("table.matrix")).to_contain_text("9.9.10")
        page.mouse.move(1, 1)
        page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
        story.say("staging", "UpgradeSucceeded", "9.9.11", 0.05, name="web")
        page.clock.fast_forward(16_000)
        expect(page.get_by_role("button", name="1 change, show")).to_be_visible()


def _heads_alone(page: Page) -> bool:
    """Whether a reload gets 304 for all but what is small."""
    sizes = "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
    page.reload()
    sent = page.evaluate(f"{sizes}.map((it) => [it.transferSize, it.encodedBodySize])")
    assert len(sent) >= 3
    return all(transferred < body or body < 400 for transferred, body in sent)


def test_an_unchanged_page_is_not_sent_again(story: Story, page: Page) -> None:
    """Neither are the style sheet and the script, and all are compressed."""
    page.goto(story.url)
    assert any(_heads_alone(page) for _ in range(3))  # each minute what runs runs for longer
    page.goto(f"{story.url}/board/history")
    [navigation] = page.evaluate(
        "performance.getEntriesByType('navigation').map((it) => [it.encodedBodySize, it.decodedBodySize])"
    )
    assert navigation[0] < navigation[1] / 2


def test_times_are_local_where_the_reader_wants_that(story: Story, chromium: Browser) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{story.url}/board/history")
    first = page.locator("tbody time").first
    utc = datetime.fromisoformat(first.get_attribute("datetime") or "")
    expect(first).to_have_text(minute(utc))
    page.get_by_role("button", name="show local time").click()
    expect(first).to_have_text(minute(utc + timedelta(hours=9)))
    page.goto(f"{story.url}/board/services/orders")
    expect(page.get_by_role("button", name="show UTC")).to_be_visible()
    context.close()


def test_the_wall_needs_nobody(tmp_path: Path, chromium: Browser) -> None:
    """It has nothing to click and nothing to scroll, and says since when it is not answered."""
    with telling(tmp_path) as story:
        context = chromium.new_context(viewport=SIZES["wall"])
        page = context.new_page()
        page.clock.install()
        page.goto(f"{story.url}/?wall&environment=production")
        assert page.locator("a, form, button, input").count() == 0
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        expect(page.locator(".bar")).to_contain_text("production")
        context.set_offline(True)
        page.clock.fast_forward(61_000)
        expect(page.locator("html")).to_have_class("stale")
        band = page.evaluate("getComputedStyle(document.querySelector('main'), '::before').content")
        assert band.startswith('"No answer since ')
        context.close()
        plain = chromium.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{story.url}/?wall")
        assert plain.locator("meta[http-equiv=refresh]").get_attribute("content") == "15"


def test_a_browser_shows_a_token_as_password(tmp_path: Path, chromium: Browser) -> None:
    with telling(tmp_path, READS="token") as story:
        assert story.get("/").status_code == 401
        context = chromium.new_context(http_credentials={"username": "", "password": story.token})
        page = context.new_page()
        page.goto(story.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("mailer and web are failing.")
        context.close()
