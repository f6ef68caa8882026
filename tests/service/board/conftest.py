"""The ledger that the pages are of, and a real Chromium that looks at them."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tools.sample.fleet import LARGE, SMALL

from ...support.service.replica import Replica
from ...support.service.sample import sampled
from ...support.service.story import Story, telling


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Shared: a test that goes on with the story takes one of its own, with `telling`."""
    with telling(tmp_path_factory.mktemp("board")) as it:
        yield it


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """A ledger with half a year of 6 services in 3 environments."""
    with sampled(tmp_path_factory.mktemp("small"), SMALL) as it:
        yield it


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """A ledger with half a year of 121 services in 5 environments."""
    with sampled(tmp_path_factory.mktemp("large"), LARGE) as it:
        yield it


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """No longer than its module: while Playwright runs, so does its event loop, and other tests cannot have theirs."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on PATH")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()
