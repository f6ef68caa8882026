"""The figures page: each number leads to as many things as it says, and what was not counted is not drawn as 0."""

import re
from datetime import datetime
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from ...support.service.replica import Replica
from ...support.service.story import Story, ago

pytestmark = pytest.mark.long

FIGURES = ("deployments", "lead_time", "change_fail_rate", "recovery_time", "rework_rate")


def test_each_number_leads_to_what_it_counts(small: Replica, page: Page) -> None:
    period = f"environment=production&from={ago(26 * 7 * 24):%Y-%m-%d}&to={ago(1):%Y-%m-%dT%H:%M}"
    with small.http() as http:
        figures = http.get(f"/figures?{period}").json()["figures"]
    page.goto(f"{small.url}/board/figures?{period}")
    here = page.url
    told = [it.inner_text() for it in page.locator(".figures li p:not(.big) a").all()]
    numbers = [it for it in told if it != "before"]
    lists = (("n", "url"), ("of", "of_url"), ("left", "left_url"))
    listed = [it[number] for it in figures.values() for number, url in lists if it[url]]
    assert sorted(map(_number, numbers)) == sorted(listed)
    for text in numbers:
        number = _number(text)
        page.goto(here)
        page.get_by_role("link", name=text, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(rf"^{number} "))
        rows = page.locator("tbody tr").count()
        while older := [it.get_attribute("href") for it in page.get_by_role("link", name="Older").all()]:
            page.goto(urljoin(page.url, older[0]))
            rows += page.locator("tbody tr").count()
        assert rows == number, text


def _number(text: str) -> int:
    [number] = re.findall(r"[\d,]+", text)
    return int(number.replace(",", ""))


def test_what_is_counted_leads_to_the_history_that_tells_it(small: Replica, page: Page) -> None:
    for name, told in (("failures", re.compile("failed|proposed")), ("deployments", re.compile("ran|runs|arrived"))):
        page.goto(f"{small.url}/board/figures/{name}?from={ago(26 * 7 * 24):%Y-%m-%d}")
        row = page.locator("tbody tr").first
        version = row.locator("td[data-label=Version] a").first.inner_text()
        row.get_by_role("link", name="history").click()
        expect(page.locator("tbody tr").filter(has_text=version).filter(has_text=told).first).to_be_visible()


def test_a_plot_has_the_13_parts_of_the_answer(small: Replica, page: Page) -> None:
    """As text too; a part that had nothing to count is dashed, one that is 0 is a line."""
    query = f"service=orders&environment=staging&from={ago(26 * 7 * 24):%Y-%m-%d}"
    with small.http() as http:
        answer = http.get(f"/figures?{query}&to={ago(24):%Y-%m-%d}").json()
    page.goto(f"{small.url}/board/figures?{query}&to={ago(24):%Y-%m-%d}")
    assert page.locator(".figures > li").count() == len(FIGURES)
    for card, name in zip(page.locator(".figures > li").all(), FIGURES, strict=True):
        values = [part["figures"][name]["value"] for part in answer["bars"]]
        if not [it for it in values if it is not None]:
            assert card.locator("svg").count() == 0
            continue
        plot = card.get_by_role("img")
        assert plot.locator("rect").count() == len([it for it in values if it is not None])
        assert plot.locator("path").count() == len([it for it in values if it is None])
        heights = [float(it.get_attribute("height") or "") for it in plot.locator("rect").all()]
        known = [it for it in values if it is not None]
        assert heights == [pytest.approx(max(1, 48 * it / (max(known) or 1)), abs=0.51) for it in known]
        told = (plot.get_attribute("aria-label") or "").partition(": ")[2].split(", ")
        assert len(told) == 13
        assert [it == "nothing to count" for it in told] == [it is None for it in values]


def test_the_command_and_the_json_say_the_same_as_the_page(small: Replica, page: Page) -> None:
    page.goto(f"{small.url}/board/figures?environment=production&service=orders")
    command = page.locator("footer code").inner_text()
    found = re.fullmatch(r"waybill figures orders --environment production --from (\S+) --to (\S+)", command)
    assert found
    begins, ends = (datetime.fromisoformat(it) for it in found.groups())
    assert (ends - begins).days == 13 * 7
    path = page.get_by_role("link", name="the same as JSON").get_attribute("href") or ""
    with small.http() as http:
        answer = http.get(path).json()
    assert [answer["from"], answer["to"]] == list(found.groups())
    shown = page.locator(".figures .big").first.inner_text()
    assert shown == f"{answer['figures']['deployments']['value']:,.1f}"
    page.goto(f"{small.url}{answer['figures']['deployments']['url'].replace('/figures', '/board/figures')}")
    assert page.locator("footer code").inner_text() == command.replace("orders", "orders --counted deployments")


def test_what_cannot_be_asked_is_told_in_words(story: Story, page: Page) -> None:
    for query, said in (
        ("from=soon", "soon is no time: it must be a date or a time"),
        ("from=2026-03-02&to=2026-03-01", "The period has no length."),
        ("to=2999-01-01", "2999-01-01 00:00:00 UTC has not happened yet."),
        ("service=Not%20a%20name", "Not a name is no name of a service."),
    ):
        page.goto(f"{story.url}/board/figures?{query}")
        expect(page.get_by_role("main")).to_contain_text(said)
        assert page.locator(".figures").count() == 0
    page.goto(f"{story.url}/board/figures?from=2020-01-01&to=2020-02-01")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is known to have begun to run.")
    assert {it.inner_text() for it in page.locator(".big").all()} == {"nothing to count"}
    assert page.locator(".figures svg").count() == 0
