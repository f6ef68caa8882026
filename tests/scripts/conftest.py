"""The release tool is tested in a world of real parts: git, helm, a registry."""

from pathlib import Path

import pytest

from tests.builders import World


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return World(tmp_path, registry)
