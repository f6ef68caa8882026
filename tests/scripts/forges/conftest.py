"""Each forge of the REST kind, over HTTP, held to its published description."""

from collections.abc import Iterator

import pytest

from scripts.forges.gitea import Gitea
from scripts.forges.github import GitHub
from tests.support.forge_stand_in import StandIn, serving

TOKEN = "planted-forge-token"
KINDS = {"github": GitHub, "gitea": Gitea}


@pytest.fixture(params=["github", "gitea"])
def stand_in(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    forge = StandIn(request.param)
    yield forge
    assert forge.problems == []


@pytest.fixture
def forge(stand_in: StandIn) -> Iterator[GitHub]:
    with serving(stand_in) as address:
        yield KINDS[stand_in.name](f"{address}/acme/fleet.git", TOKEN)
