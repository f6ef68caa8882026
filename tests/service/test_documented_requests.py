"""The requests that docs/reference/api.md shows are answered as it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service.story import Story, telling

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/api.md").read_text()
SHOWN = re.findall(r'^curl "\$LEDGER([^"]*)"', PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with telling(tmp_path_factory.mktemp("ledger")) as story:
        yield story


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_shown_is_answered(story: Story, path: str) -> None:
    assert story.get(path).status_code == 200


def test_the_problem_is_the_ledgers(story: Story) -> None:
    found = re.search(r'^\{"title".*\}$', PAGE, re.MULTILINE)
    assert len(SHOWN) > 5
    assert found
    answer = story.get("/releases/orders/9.9.9").json()
    assert answer | json.loads(found[0]) == answer
