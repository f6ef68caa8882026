"""Eight questions that people ask of a board, at 121 services in 5 environments, are each answered with at most two
clicks, by following links alone; Enter in the search counts as one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ...support.service.replica import Replica

HEIGHT = 900


class Reader:
    """Begins at the board. `clicks`: so far."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, link: Locator) -> None:
        self.clicks += 1
        link.click()

    def search(self, text: str) -> None:
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        self.enter()

    def enter(self) -> None:
        self.clicks += 1
        self.page.keyboard.press("Enter")

    def card(self, environment: str) -> Locator:
        return self.page.locator(".cards li").filter(has=self.page.get_by_role("link", name=environment, exact=True))


def what_runs_in_production_and_since_when(reader: Reader) -> Locator:
    reader.search("pricing")
    answer = reader.card("production-us")
    expect(answer).to_contain_text("since ")
    return answer


def what_changed_in_production_today(reader: Reader) -> Locator:
    reader.click(reader.page.get_by_role("columnheader").get_by_role("link", name="production"))
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("What happened in production")
    answer = reader.page.get_by_role("row").filter(has_text="failed").first
    expect(answer).to_contain_text("production-us")
    return answer


def where_a_digest_runs(reader: Reader) -> Locator:
    digest = digest_of_orders(reader.page)
    reader.search(digest[:19])
    answer = reader.page.locator(".lead")
    expect(answer).to_contain_text("Runs in dev, production-eu, qa (last known), staging.")
    return answer


def whether_the_fixing_commit_is_in_production(reader: Reader) -> Locator:
    origin = reader.page.url
    changes = reader.page.request.get(f"{origin}releases/orders/9.0.0").json()["source"]["changes"]
    reader.search(changes[-1]["commit"][:10])
    answer = reader.page.locator(".lead")
    expect(answer).to_contain_text("production-eu")
    return answer


def what_differs_between_staging_and_production(reader: Reader) -> Locator:
    reader.click(reader.page.get_by_role("link", name="Compare"))
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("services in staging are ahead of production.")
    return reader.page.get_by_role("row").nth(1)


def when_it_broke_and_who_shipped_it(reader: Reader) -> Locator:
    answer = reader.page.locator(".trouble li").filter(has_text="orders")
    expect(answer).to_contain_text("since ")
    expect(answer).to_contain_text("3 commits by ")
    return answer


def what_ran_last_tuesday(reader: Reader) -> Locator:
    reader.click(reader.page.get_by_role("columnheader").get_by_role("link", name="staging"))
    at = datetime.now(UTC) - timedelta(days=4)
    reader.page.get_by_label("What ran at").fill(f"{at:%Y-%m-%dT14:00:00}")
    reader.enter()
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("staging ran ")
    return reader.page.get_by_role("row").nth(1)


def what_is_behind_and_by_how_much(reader: Reader) -> Locator:
    reader.click(reader.page.get_by_role("link", name="services are behind"))
    answer = reader.page.locator(".matrix tbody tr").first
    expect(answer).to_contain_text(" behind")
    return answer


def digest_of_orders(page: Page) -> str:
    image = page.request.get(f"{page.url}releases/orders/9.0.0").json()["images"][0]
    return str(image["digest"]).removeprefix("sha256:")


QUESTIONS = [
    what_runs_in_production_and_since_when,
    what_changed_in_production_today,
    where_a_digest_runs,
    whether_the_fixing_commit_is_in_production,
    what_differs_between_staging_and_production,
    when_it_broke_and_who_shipped_it,
    what_ran_last_tuesday,
    what_is_behind_and_by_how_much,
]


@pytest.mark.long
@pytest.mark.parametrize("ask", QUESTIONS)
def test_it_is_answered_with_two_clicks(
    large: Replica, chromium: Browser, ask: Callable[[Reader], Locator], record_property: Callable[[str, str], None]
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": HEIGHT})
    page = context.new_page()
    page.goto(large.url)
    reader = Reader(page)
    box = ask(reader).bounding_box()
    assert box
    scrolled = max(0, round(box["y"] + box["height"] - HEIGHT))
    record_property("figure", f"{ask.__name__}: {reader.clicks} clicks, {scrolled} pixels scrolled")
    assert reader.clicks <= 2
    assert scrolled <= HEIGHT
    context.close()
