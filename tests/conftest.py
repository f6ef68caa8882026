"""What every test needs: the pinned tools first on PATH, and no setting of the machine that runs them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from tests.support import refusals
from tools.demo.registry import serve_registry

CHECKOUT = Path(__file__).resolve().parent.parent
os.environ["PATH"] = f"{CHECKOUT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
# The short life of a helm command is over before it is worth collecting garbage.
os.environ |= {"GOGC": "off", "GOMEMLIMIT": "256MiB"}


def lets_tests_write(folder: str) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > 2 << 30 and not found.f_flag & os.ST_NOEXEC


# A run makes and removes 70,000 files: where memory has room for them, that takes a fifth less time.
if "TMPDIR" not in os.environ and lets_tests_write("/dev/shm"):
    tempfile.tempdir = os.environ["TMPDIR"] = "/dev/shm"

# A run of the tests takes seconds; WAYBILL_TORTURE=1 tries as many cases as the promises name.
settings.register_profile("daily", max_examples=100, deadline=None)
settings.register_profile("torture", max_examples=5000, deadline=None)
settings.load_profile("torture" if os.environ.get("WAYBILL_TORTURE") else "daily")
if settings.default and settings.default.derandomize:
    # Else cases are also made of the literals of whatever modules a worker has imported by then: others in each run.
    providers._get_local_constants = lambda: providers._local_constants

# Each client of httpx reads all certificate authorities anew, which takes 20 ms of processor time.
httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)

UNREACHED = pytest.StashKey[list[str]]()


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, the loop that the ledger runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`127.0.0.1:PORT` of a real OCI registry, plain HTTP, empty, one per test worker.

    Tests share it, so each uses repository names of its own; `tools.demo.image.push_image` fills it.
    """
    with serve_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests, too, as a run of named ones does")


def pytest_configure(config: pytest.Config) -> None:
    """Workers inherit the folder; the options they read themselves."""
    config.option.all = config.option.all or are_chosen(config)
    if "REFUSALS" not in os.environ:
        os.environ["REFUSALS"] = tempfile.mkdtemp(prefix="waybill-refusals-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ["REFUSALS"]))
    refusals.note()


def are_chosen(config: pytest.Config) -> bool:
    """Whether the run names its tests."""
    some = ("keyword", "markexpr", "lf", "deselect", "ignore")
    return config.args_source is config.ArgsSource.ARGS or any(getattr(config.option, name, None) for name in some)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones of tests/tools first, so that no worker is waited for at the end."""
    items.sort(key=lambda it: not it.nodeid.startswith("tests/tools/"))
    if not config.option.all:
        config.hook.pytest_deselected(items=[it for it in items if it.get_closest_marker("long")])
        items[:] = [it for it in items if not it.get_closest_marker("long")]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run of all tests in which some refusal was never reached is a failed one."""
    config = session.config
    is_whole = config.option.all and not are_chosen(config) and not config.option.collectonly
    if is_whole and not hasattr(config, "workerinput") and exitstatus == 0 and (left := refusals.unreached()):
        config.stash[UNREACHED] = left
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what the crash and load tests counted: `record_property("figure", "40 kills, 0 lost")`."""
    reports = [it for it in terminalreporter.getreports("passed") if it.when == "call"]
    figures = [(it.nodeid, text) for it in reports for name, text in it.user_properties if name == "figure"]
    for nodeid, text in figures:
        terminalreporter.write_line(f"{nodeid.rpartition('::')[2]}: {text}")
    if left := terminalreporter.config.stash.get(UNREACHED, []):
        terminalreporter.write_line(f"no test reaches these refusals: {', '.join(left)}")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are processors: tests wait for processes and deadlines as often as they compute."""
    return (os.cpu_count() or 1) + 2
