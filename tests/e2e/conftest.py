"""One cluster, forge and registry for all tests of a run. A failed test also shows what the cluster reports."""

import secrets
from collections.abc import Generator, Iterator

import pytest

from tests.support.e2e.database import database
from tests.support.e2e.diagnosis import diagnosis
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.recorder import recorder
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tools.cluster.namespaces import FOLDER
from tools.cluster.world import LOGS, World, world

REAL = pytest.StashKey[World]()
ENVIRONMENTS = ["staging", "production"]
NAMES = [*ENVIRONMENTS, "pinned", "rendered", "adopted", "moved", "stories"]


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> Iterator[World]:
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # so that its start can be watched
        stack = world()
        it = pytestconfig.stash[REAL] = stack.__enter__()
    try:
        yield it
    finally:
        stack.__exit__(None, None, None)


@pytest.fixture(scope="session")
def scene(real: World) -> Iterator[Scene]:
    folder = FOLDER / "story"
    folder.mkdir()
    with database() as password, recorder(folder / "events"):
        yield Scene(
            real,
            folder,
            password,
            {name: secrets.token_hex(32) for name in NAMES},
        )


@pytest.fixture(scope="session")
def fleet(scene: Scene) -> Fleet:
    return scene.fleet("gitops", ENVIRONMENTS)


@pytest.fixture(scope="session")
def releaser(scene: Scene, fleet: Fleet) -> Releaser:
    return scene.releaser(fleet, ENVIRONMENTS)


@pytest.fixture(scope="session")
def shipped() -> dict[str, str]:
    """The versions that were released, as `first`, `second` and so on."""
    return {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    real = item.config.stash.get(REAL, None)
    if report.failed and real:
        said = diagnosis(real.cluster)
        (FOLDER / "first-cause.txt").write_text(f"{item.nodeid}\n{said}\n")
        report.sections.append((f"The cluster says (logs lie in {LOGS})", said))
    return report
