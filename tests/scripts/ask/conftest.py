"""A ledger with a story in it, and the commands that ask it from a folder that is no checkout."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import forked
from tests.support.builders import Ran
from tests.support.service.story import Asker, Story, telling


@pytest.fixture(scope="package")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with telling(tmp_path_factory.mktemp("ledger")) as story:
        yield story


@pytest.fixture
def ask(story: Story, tmp_path: Path) -> Asker:
    """`waybill ARGS`; further variables by name."""

    def run(*args: str, **env: str) -> Ran:
        known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WAYBILL_LEDGER": story.url}
        return Ran(*forked.run("scripts", args, tmp_path, known | env))

    return run
