"""Each lock is whole: it has a version for everything that its packages need, on every Python.

The needs of a package are read from its installed metadata. So this cannot check the locks whose packages the tests can
do without (bench, audit, go, keyless); `make locks` checks them all.
"""

import re
import subprocess
import sys
from itertools import combinations

import pytest
from packaging.requirements import Requirement

from tools.lock_gaps import CHECKOUT, PYTHONS, gaps, lacking, linux, pinned
from tools.locks import SOURCES, lock

INSTALLED = ["tool", "run", "dev", "build", "sign"]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", INSTALLED)
def test_every_requirement_is_locked(name: str, python: str) -> None:
    assert lacking(lock(name), SOURCES[name], python, sys.path) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_locks_that_share_a_venv_agree(python: str) -> None:
    """The Makefile installs them into one venv."""
    locks = {name: pinned(lock(name).read_text(), linux(python)).items() for name in SOURCES}
    for (one, first), (other, second) in combinations(locks.items(), 2):
        differ = {it for it, _ in first ^ second} & dict(first).keys() & dict(second).keys()
        assert not differ, f"{one} and {other} lock different versions"


def test_every_lock_file_has_a_source_and_is_checked() -> None:
    assert {f"{name}.txt" for name in SOURCES} == {it.name for it in (CHECKOUT / "requirements").glob("*.txt")}


@pytest.mark.parametrize(
    ("needs", "packages", "gap"),
    [
        (["b"], {}, "a needs b, which is not locked"),
        (["b>2"], {"b": "2"}, "a needs b>2, and 2 is locked"),
        (['b; python_version >= "3.14"'], {}, 'a needs b; python_version >= "3.14", which is not locked'),
        (['b; extra == "more"'], {}, 'a needs b; extra == "more", which is not locked'),
        (['b; python_version < "3.14"', 'c; extra == "other"', 'd; sys_platform == "win32"'], {}, None),
    ],
)
def test_a_gap_is_noticed(needs: list[str], packages: dict[str, str], gap: str | None) -> None:
    found = gaps([Requirement("a[more]")], packages | {"a": "1"}, {"a": [*map(Requirement, needs)]}, linux("3.14"))
    assert set(found) == ({gap} if gap else set())


def test_make_installs_the_locks_and_nothing_else() -> None:
    """Every line of every target that installs, as make would run it on a fresh machine."""
    command = ["make", "--dry-run", "--always-make", "test", "bench", "audit", "install"]
    lines = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.splitlines()
    installs = [number for number, line in enumerate(lines) if " pip install " in line]
    assert len(installs) == 11
    for number in installs:
        of_lock = "--no-deps --require-hashes --requirement requirements/" in lines[number]
        of_waybill = lines[number].endswith("--no-deps --no-build-isolation .")
        assert of_lock or of_waybill, lines[number]
    assert sum(" pip check " in line for line in lines) == 6  # build.txt and Waybill itself are checked together


@pytest.mark.parametrize("file", ["Containerfile", "tools/build.py", "tools/image/build.py", "tools/locks.py"])
def test_what_else_installs_a_lock_resolves_nothing(file: str) -> None:
    text = (CHECKOUT / file).read_text()
    assert text.count("--require-hashes") == len(re.findall(r"--no-deps\W+--require-hashes", text)) > 0
