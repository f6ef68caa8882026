"""Which version is next. A version is Semantic Versioning 2.0.0 (semver.org) without `v` and without `+build`: build
metadata has no precedence, and a registry's tag cannot carry it."""

import re
from collections.abc import Iterable
from typing import Literal

from semver import Version

from ..errors import Fault, Refused

__all__ = ["Part", "Version", "comparable", "next_version", "registry_version", "strict", "tag_version"]

Part = Literal["patch", "minor", "major"]


def strict(text: str, of: str, *, fault: Fault) -> Version:
    """`text` as a version; refused, under the name `of`, where it is none. Helm accepts `v1.2` and `01.2.3` too."""
    version = _parsed(text)
    if version is None or version.build:
        raise Refused(
            f"{of} is {text!r}, which is no X.Y.Z or X.Y.Z-pre of Semantic Versioning.",
            "Leave out `v`, `+build`, leading zeros and blanks, and give all three numbers.",
            fault=fault,
        )
    return version


def tag_version(service: str, tag: str) -> Version | None:
    """The version that the git tag `<service>-X.Y.Z[-pre]` reserves; None for every other tag."""
    version = _parsed(tag.removeprefix(f"{service}-")) if tag.startswith(f"{service}-") else None
    return None if version is None or version.build else version


def registry_version(tag: str) -> Version | None:
    """The version that a tag of the chart's OCI repository takes. Helm writes `+` as `_` there; as build metadata has
    no precedence, `1.2.3_a` takes 1.2.3."""
    version = _parsed(tag.replace("_", "+"))
    return version and version.replace(build=None)


def comparable(mine: Version, versions: Iterable[Version]) -> list[Version]:
    """Those that `mine` must be above: of a stable one the stable ones, of a pre-release those of its own X.Y.Z."""
    if not mine.prerelease:
        return [version for version in versions if not version.prerelease]
    return [version for version in versions if version.to_tuple()[:3] == mine.to_tuple()[:3]]


def next_version(mine: Version, taken: Iterable[Version], *, part: Part, exact: Version | None) -> Version:
    """`exact` if it is free; else `mine`, the one in Chart.yaml, if it is above all comparable ones (a person chose
    it); else the next one above those."""
    taken = list(taken)
    if exact is not None:
        return _free(exact, taken)
    if mine.prerelease and mine.finalize_version() in taken:
        raise Refused(
            f"Chart.yaml says {mine}, but {mine.finalize_version()} is released already.",
            "Raise `version` in Chart.yaml above it.",
            fault="chart",
        )
    highest = max(comparable(mine, taken), default=None)
    if highest is None or mine > highest:
        return mine
    if not mine.prerelease:
        return highest.next_version(part)
    if part != "patch":
        raise Refused(
            f"Chart.yaml says {mine}, a pre-release, which has no next {part}.",
            "Leave out --part, or raise `version` in Chart.yaml.",
            fault="you",
        )
    return highest.replace(prerelease=_raised(str(highest.prerelease)))


def _parsed(text: str) -> Version | None:
    return Version.parse(text) if Version.is_valid(text) else None


def _free(exact: Version, taken: list[Version]) -> Version:
    if exact.build:
        raise Refused(f"{exact} has build metadata.", "Leave out `+` and what follows.", fault="you")
    if exact in taken:
        raise Refused(
            f"The version {exact} is taken by another release.",
            "Give one that is free, or leave out --version.",
            fault="you",
        )
    return exact


def _raised(prerelease: str) -> str:
    """`rc.7` -> `rc.8`, `beta` -> `beta.1`: the last numeric identifier + 1, so that the result is above."""
    identifiers = prerelease.split(".")
    for index in reversed(range(len(identifiers))):
        if re.fullmatch("[0-9]+", identifiers[index]):
            identifiers[index] = str(int(identifiers[index]) + 1)
            return ".".join(identifiers)
    return f"{prerelease}.1"
