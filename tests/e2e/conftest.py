"""One cluster, one forge, one registry for all stories of a run."""

import secrets
from collections.abc import Iterator

import pytest

from tests.e2e.database import database
from tests.e2e.recorder import recorder
from tests.e2e.scene import Scene
from tools.cluster.isolated import FOLDER
from tools.cluster.world import World, world


@pytest.fixture(scope="session")
def real() -> Iterator[World]:
    with world() as it:
        yield it


@pytest.fixture(scope="session")
def scene(real: World) -> Iterator[Scene]:
    folder = FOLDER / "story"
    folder.mkdir()
    with database() as password, recorder(folder / "events"):
        keys = {name: secrets.token_hex(32) for name in ("staging", "production", "pinned")}
        yield Scene(real, folder, password, keys)
