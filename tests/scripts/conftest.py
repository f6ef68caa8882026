"""The release tool is tested in a world of real parts: git, helm, a registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import World
from tests.support.chart_releases import Releases
from tests.support.forge_world import ForgeWorld, forge_of
from tests.support.gitops_repo import GitopsRepo


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return World(tmp_path, registry)


@pytest.fixture
def repo(tmp_path: Path) -> GitopsRepo:
    return GitopsRepo(tmp_path)


@pytest.fixture
def releases(repo: GitopsRepo, registry: str) -> Releases:
    return Releases(repo, registry)


@pytest.fixture(params=["github", "gitlab", "gitea"])
def hosted(request: pytest.FixtureRequest, world: World) -> Iterator[ForgeWorld]:
    """The world with its GitOps repo on a forge; `on_gitlab` and the like of tests.support.forge_world choose one."""
    with forge_of(world, request.param) as it:
        yield it
        assert it.api.problems == []
