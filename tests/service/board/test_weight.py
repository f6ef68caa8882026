"""What pages weigh, and cost, at 121 services in 5 environments and 2,000 releases."""

import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Browser

from tools.sample.fleet import LARGE

from ...support.service.processor import processor_seconds
from ...support.service.replica import Replica
from ...support.service.story import ago

PAGES = (
    "/",
    "/?behind=1",
    "/?wall",
    "/board/services/orders",
    "/board/services/web?window=1y",
    "/board/environments/staging",
    "/board/environments/qa?window=1y",
    "/board/environments/staging?at=2026-11-24T14:00:00",
    "/board/compare",
    "/board/compare?first=dev&second=production-us&sort=waiting",
    "/board/history",
    "/board/history?environment=production",
    "/board/history?kind=failed",
    "/board/releases/orders/9.0.0",
    "/board/search?q=1",
    "/board/search?q=a",
)
FIGURES = (
    "/board/figures?{period}",
    "/board/figures?environment=production&{period}",
    "/board/figures/commits?{period}",
    "/board/figures/failures?{period}",
)
BYTES, SENT, TAB_STOPS = 100_000, 20_000, 300
REACHED = (
    "document.querySelectorAll('a[href], button, input:not([type=hidden]), select, [tabindex=\"0\"], summary').length"
)


def asked(path: str) -> str:
    """Of a period that has ended: until now, it would be another one every minute."""
    return path.replace("{period}", f"from={ago(26 * 7 * 24):%Y-%m-%d}&to={ago(24):%Y-%m-%d}")


@pytest.mark.long
def test_there_are_as_many_services_and_releases_as_that(large: Replica) -> None:
    with large.http() as http:
        names, cursor = list[str](), ""
        while cursor is not None:
            page = http.get(f"/services?limit=200{cursor and f'&cursor={cursor}'}").json()
            names += [it["service"] for it in page["items"]]
            cursor = page["next"]
    assert names == sorted(LARGE.services)


@pytest.mark.long
@pytest.mark.parametrize("path", [*PAGES, *FIGURES])
def test_a_page_is_light(large: Replica, path: str, record_property: Callable[[str, str], None]) -> None:
    path = asked(path)
    with large.http() as http:
        whole = http.get(path, headers={"Accept-Encoding": "identity"})
        packed = http.get(path, headers={"Accept-Encoding": "gzip"})
        assert (whole.status_code, packed.headers["content-encoding"]) == (200, "gzip")
        sent = packed.num_bytes_downloaded
        record_property("figure", f"{path}: {len(whole.content):,} bytes, {sent:,} sent")
        assert len(whole.content) < BYTES
        assert sent < SENT
        assert any(_is_not_sent_again(http, path) for _ in range(3))  # each minute what is waited for waits longer


def _is_not_sent_again(http: httpx.Client, path: str) -> bool:
    first = http.get(path)
    while http.get(path).text == first.text:
        time.sleep(0.05)  # until it is made at another second
    return http.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/static/board.css", "/static/board.js", "/static/well.svg"])
def test_a_file_is_not_sent_again(large: Replica, path: str) -> None:
    with large.http() as http:
        answer = http.get(path)
        again = http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.long
def test_a_page_is_soon_walked_through(large: Replica, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    for path in (*PAGES, *FIGURES):
        page.goto(large.url + asked(path))
        assert page.evaluate(REACHED) <= TAB_STOPS, path
    context.close()


def test_who_takes_no_gzip_gets_none(large: Replica) -> None:
    for accepted in ("identity", "gzip;q=0", "br", ""):
        answer = httpx.get(f"{large.url}/", headers={"Accept-Encoding": accepted}, trust_env=False)
        assert "content-encoding" not in answer.headers, accepted
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_in_50_ms_of_processor_time(large: Replica, path: str) -> None:
    assert processor_seconds(large, path, 0.05) < 0.05


@pytest.mark.parametrize("path", FIGURES)
def test_figures_of_half_a_year_are_made_in_200_ms_of_processor_time(large: Replica, path: str) -> None:
    assert processor_seconds(large, asked(path), 0.2) < 0.2
