"""Finds what a lock file lacks: each requirement of its packages that it locks no fitting version for."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PIN = re.compile(r"^(\S+==.*?) \\$", re.MULTILINE)


def linux(python: str) -> dict[str, str]:
    """The values of markers on Linux with `python` (like `3.14`)."""
    versions = {"python_version": python, "python_full_version": f"{python}.0", "implementation_version": f"{python}.0"}
    return here() | versions | {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}


def here() -> dict[str, str]:
    """The values of markers on this machine."""
    return {name: str(value) for name, value in default_environment().items()}


def pinned(lock: str, env: Mapping[str, str]) -> dict[str, str]:
    """Name and version of each package that is locked for `env`."""
    locked = [Requirement(line) for line in PIN.findall(lock)]
    fitting = [it for it in locked if it.marker is None or it.marker.evaluate({**env})]
    return {canonicalize_name(it.name): str(it.specifier).removeprefix("==") for it in fitting}


class Source(NamedTuple):
    """A file of the checkout with requirements; `extra` is one of pyproject.toml's, whose requirements are added."""

    file: str
    extra: str = ""


TOOL, RUN = Source("pyproject.toml"), Source("pyproject.toml", "service")


def wanted(source: Source) -> list[Requirement]:
    """The requirements in a `.in` file, with those that it includes, or in pyproject.toml."""
    text = (CHECKOUT / source.file).read_text()
    if source.file.endswith(".toml"):
        project = tomllib.loads(text)["project"]
        more = project["optional-dependencies"][source.extra] if source.extra else []
        return [Requirement(line) for line in project["dependencies"] + more]
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    included = wanted(RUN) if "-r run.txt" in lines else []
    return included + [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


def lacking(lock: Path, source: Source, python: str, path: Sequence[str]) -> list[str]:
    """What the lock of `source` lacks on `python`, by the metadata of the packages that are installed in `path`.

    A package that is locked for this Python has to be installed there, in the locked version.
    """
    text = lock.read_text()
    found = {(str(canonicalize_name(it.name)), it.version): it.requires or [] for it in distributions(path=[*path])}
    absent = [
        f"{name} {version} is not installed"
        for name, version in pinned(text, here()).items()
        if (name, version) not in found
    ]
    packages = pinned(text, linux(python))
    needs = {name: [Requirement(line) for line in found.get((name, version), ())] for name, version in packages.items()}
    return absent + sorted(gaps(wanted(source), packages, needs, linux(python)))


def gaps(
    roots: Sequence[Requirement],
    packages: Mapping[str, str],
    needs: Mapping[str, Sequence[Requirement]],
    env: Mapping[str, str],
) -> Iterator[str]:
    """Each requirement that applies in `env` and that no locked package satisfies."""
    seen: set[tuple[str, str]] = set()
    waiting = [("the project", it, "") for it in roots]
    while waiting:
        by, it, extra = waiting.pop()
        if it.marker and not it.marker.evaluate({**env, "extra": extra}):
            continue
        name = canonicalize_name(it.name)
        if name not in packages:
            yield f"{by} needs {it}, which is not locked"
            continue
        if not it.specifier.contains(packages[name], prereleases=True):
            yield f"{by} needs {it}, and {packages[name]} is locked"
        for each in {"", *it.extras}:
            if (name, each) not in seen:
                seen.add((name, each))
                waiting += [(name, need, each) for need in needs.get(name, ())]
