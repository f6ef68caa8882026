"""Reads lock files and the requirements of their packages, and finds what is missing."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Environment, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[3]
PIN = re.compile(r"^(\S+==.*?) \\$", re.MULTILINE)


def linux(python: str) -> Environment:
    """The values of markers on Linux with `python` (like `3.14`)."""
    env = default_environment()
    env.update(python_version=python, python_full_version=f"{python}.0", implementation_version=f"{python}.0")
    env.update(sys_platform="linux", platform_system="Linux", os_name="posix")
    return env


def pinned(lock: str, env: Environment) -> dict[str, str]:
    """Name and version of each package that is locked for `env`."""
    found = [Requirement(line) for line in PIN.findall(lock)]
    here = [it for it in found if it.marker is None or it.marker.evaluate(dict(env))]
    return {canonicalize_name(it.name): str(it.specifier).removeprefix("==") for it in here}


def wanted(source: Path) -> list[Requirement]:
    """The requirements in a `.in` file, with those that it includes, or in pyproject.toml."""
    if source.suffix == ".toml":
        return [Requirement(line) for line in tomllib.loads(source.read_text())["project"]["dependencies"]]
    lines = [line.partition(" #")[0].strip() for line in source.read_text().splitlines()]
    more = wanted(CHECKOUT / "pyproject.toml") if "-r run.txt" in lines else []
    return more + [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


def installed(name: str, version: str) -> list[Requirement] | None:
    """The requirements of a package, with those of its extras. None if this version is not installed here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return [Requirement(line) for line in found.requires or []] if found.version == version else None


def gaps(
    roots: Sequence[Requirement],
    packages: Mapping[str, str],
    needs: Mapping[str, Sequence[Requirement] | None],
    env: Environment,
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
                waiting += [(name, need, each) for need in needs.get(name) or []]
