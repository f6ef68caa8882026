"""Each forge of the REST kind, over HTTP, held to its published description or to its own client."""

from collections.abc import Iterator
from typing import get_args

import pytest

from scripts.forges import Forge, forge_of
from scripts.settings import ForgeName
from tests.support.forge_stand_in import StandIn, serving, stand_in_of

TOKEN = "planted-forge-token"


@pytest.fixture(params=[name for name in get_args(ForgeName) if name != "file"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stand_in(name: str) -> Iterator[StandIn]:
    forge = stand_in_of(name)
    yield forge
    assert forge.problems == []


@pytest.fixture
def forge(stand_in: StandIn, name: str) -> Iterator[Forge]:
    with serving(stand_in) as address:
        yield forge_of(f"{address}/acme/fleet.git", name, TOKEN)
