"""The forges' table: every row holds on each of them. tests/e2e asks a real Gitea the same."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from scripts.forges import forge_of
from scripts.settings import ForgeName
from tests.support.forge_stand_in import serving, stand_in_of
from tests.support.forge_stands import OfPath, OfStandIn
from tests.support.forge_table import Stand, every_row

from .conftest import TOKEN


@pytest.fixture(params=get_args(ForgeName))
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    if request.param == "file":
        yield OfPath(tmp_path)
        return
    api = stand_in_of(request.param)
    with serving(api) as address:
        yield OfStandIn(api, forge_of(f"{address}/acme/fleet.git", request.param, TOKEN))
    assert api.problems == []


@every_row
def test_row(row: Callable[[Stand], None], stand: Stand) -> None:
    row(stand)
