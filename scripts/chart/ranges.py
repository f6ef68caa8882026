"""Whether a version lies in a range as Chart.yaml's dependencies give it: the rules of github.com/Masterminds/semver/v3
(constraints.go), which Helm follows."""

import re
from collections.abc import Callable

from msgspec import Struct
from semver import Version

_PART = r"[0-9]+|[xX*]"
_WRITTEN = (
    rf"v?(?:{_PART})(?:\.(?:{_PART}))?(?:\.(?:{_PART}))?"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
# Compiled when they are first used: few charts have dependencies, and it takes as long as a program of git.
_OPERATOR = r"!=|>=|=>|<=|=<|~>|=|>|<|~|\^|"
_BETWEEN = rf"\s*({_WRITTEN})\s+-\s+({_WRITTEN})\s*"
_ALL_OF = rf"\s*(?:{_OPERATOR})\s*{_WRITTEN}\s*(?:(?:\s+|,\s*)(?:{_OPERATOR})\s*{_WRITTEN}\s*)*"
_ONE = rf"({_OPERATOR})\s*({_WRITTEN})"
# What may stand before `*`, which every version then matches.
_TAKE_ANY = {"", "=", "~", "~>", ">=", "=>"}
_NUMBERS = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(-[^+]*)?(?:\+.*)?"


class _Bound(Struct, frozen=True):
    """`given` is how many of the three numbers are written out: 2 of `1.2` and of `1.2.x`."""

    version: Version
    given: int

    def begins(self, version: Version, length: int) -> bool:
        return version.to_tuple()[:length] == self.version.to_tuple()[:length]


def within(version: str, wanted: str) -> bool | None:
    """None where `version` or `wanted` cannot be read, or is written so that one would not expect Helm's answer."""
    found = _bound(version)
    groups = [_constraints(part) for part in re.sub(_BETWEEN, r">= \1, <= \2 ", wanted).split("||")]
    if found is None or found.given < 3 or None in groups:
        return None
    return any(_all(found.version, group) for group in groups if group is not None)


def _all(version: Version, group: list[tuple[str, _Bound]]) -> bool:
    """A pre-release matches only where the range names one."""
    if version.prerelease and not any(bound.version.prerelease for _, bound in group):
        return False
    return all(_MATCHES[operator](version, bound) for operator, bound in group)


def _constraints(text: str) -> list[tuple[str, _Bound]] | None:
    if not re.fullmatch(_ALL_OF, text):
        return None
    found = [(operator, _bound(written)) for operator, written in re.findall(_ONE, text)]
    known = [(operator, bound) for operator, bound in found if bound and (bound.given or operator in _TAKE_ANY)]
    return known if len(known) == len(found) else None


def _bound(written: str) -> _Bound | None:
    found = re.fullmatch(_NUMBERS, written.strip())
    if found is None:
        return None
    *numbers, prerelease = found.groups()
    given = next((index for index, number in enumerate(numbers) if number is None or number in "xX*"), 3)
    if given < 3 and (prerelease or any(number and number not in "xX*" for number in numbers[given:])):
        return None
    text = ".".join([*(str(int(number)) for number in numbers[:given]), *"000"[given:]]) + (prerelease or "")
    return _Bound(Version.parse(text), given) if Version.is_valid(text) else None


def _above(version: Version, bound: _Bound) -> bool:
    """`>1.2` begins with 1.3."""
    if bound.given == 3:
        return version > bound.version
    return bool(version.to_tuple()[: bound.given] > bound.version.to_tuple()[: bound.given])


def _at_most(version: Version, bound: _Bound) -> bool:
    """`<=1.2` takes 1.2.9."""
    if bound.given == 3:
        return version <= bound.version
    return bool(version.to_tuple()[: bound.given] <= bound.version.to_tuple()[: bound.given])


def _tilde(version: Version, bound: _Bound) -> bool:
    """`~0.0.0` takes all that is above."""
    stays = 0 if bound.given == 3 and bound.begins(Version(0), 3) else min(bound.given, 2)
    return version >= bound.version and bound.begins(version, stays)


def _caret(version: Version, bound: _Bound) -> bool:
    """The first number that is not 0 stays, or the last one that is written out."""
    numbers = bound.version.to_tuple()[: bound.given]
    first = next((index for index, number in enumerate(numbers) if number), bound.given - 1)
    return version >= bound.version and bound.begins(version, first + 1)


def _equal(version: Version, bound: _Bound) -> bool:
    return version == bound.version if bound.given == 3 else _tilde(version, bound)


_MATCHES: dict[str, Callable[[Version, _Bound], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": lambda version, bound: not _equal(version, bound),
    ">": _above,
    "<": lambda version, bound: version < bound.version,
    ">=": lambda version, bound: version >= bound.version,
    "=>": lambda version, bound: version >= bound.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
