"""The release tool is tested in a world of real parts: git, helm, a registry."""

from pathlib import Path

import pytest

from tests.support.builders import World
from tests.support.chart_releases import Releases
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
