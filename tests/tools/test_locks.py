"""Each lock is whole: it has a version for everything that its packages need, on every Python.

The needs of a package are read from its installed metadata. So this cannot check the locks whose packages the tests do
not install (bench, audit, go); `make locks` checks them all.
"""

from itertools import combinations

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.support.tools.lock_file import gaps, installed, linux, pinned, wanted
from tools.locks import CHECKOUT, SOURCES, lock

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
INSTALLED = ["run", "dev", "build"]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", INSTALLED)
def test_every_requirement_is_locked(name: str, python: str) -> None:
    env = linux(python)
    packages = pinned(lock(name).read_text(), env)
    needs = {it: installed(it, version) for it, version in packages.items()}
    here = pinned(lock(name).read_text(), default_environment())
    assert [it for it, found in needs.items() if found is None and it in here] == []
    assert list(gaps(wanted(CHECKOUT / SOURCES[name]), packages, needs, env)) == []


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
