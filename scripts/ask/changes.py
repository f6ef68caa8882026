"""The commits between two releases, as the releases that were filed between them say."""

from typing import Any, NamedTuple

from msgspec import Struct
from semver import Version

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .words import Line, columns, short

MOST = 200  # releases


class ChangedSource(Struct, frozen=True):
    """`changes` since the release `since`, newest first; None where they were not known when it was made."""

    commit: str
    since: str | None = None
    changes: list[dict[str, Any]] | None = None
    changes_left_out: int = 0


class ChangedRelease(Struct, frozen=True):
    source: ChangedSource


class ReleasedCommit(Struct, frozen=True):
    commit: str
    subject: str


class Step(Struct, frozen=True):
    """A release, and the commits since the one that it followed; None: the first, or not known."""

    version: str
    since: str | None
    changes: list[dict[str, Any]] | None
    changes_left_out: int


class Changes(NamedTuple):
    """`steps` from the last release to the first. `gap` says what is not known or more than was asked for."""

    service: str
    first: str
    last: str
    steps: list[Step]
    gap: str

    @property
    def lines(self) -> list[Line]:
        commits = [(step.version, told(it, ReleasedCommit)) for step in self.steps for it in step.changes or ()]
        left_out = [step for step in self.steps if step.changes_left_out]
        count = len(commits) + sum(step.changes_left_out for step in left_out)
        known = sum(step.changes is not None for step in self.steps)
        many = f": {count:,} commit{'s' * (count != 1)} in {known:,} release{'s' * (known != 1)}" if known else ""
        lines: list[Line] = [[Cell(f"{self.service} {self.first}..{self.last}{many}")]]
        lines += columns([[Cell(version), Cell(short(it.commit)), Cell(it.subject)] for version, it in commits])
        lines += [[Cell(f"{it.changes_left_out:,} older ones of {it.version} are only counted.")] for it in left_out]
        return [*lines, [Cell(self.gap, "yellow")]] if self.gap else lines


def changes(ledger: Ledger, service: str, first: str, last: str) -> Changes:
    """Since the release `first`, up to the release `last`."""
    for version in (first, last):
        if not Version.is_valid(version):
            raise Refused(f"{version} is no version.", "Write FIRST..LAST, as 1.4.0..1.4.2.", fault="you")
    if Version.parse(first) >= Version.parse(last):
        raise Refused(f"{first} is not lower than {last}.", "Name the lower version first.", fault="you")
    steps, gap, at = list[Step](), "", last
    while not gap and at != first and len(steps) < MOST:
        answer = ledger.release(service, at)
        if answer is None and at == last:
            raise Refused(
                f"No release {last} of {service} was filed.", "Correct the service or the version.", fault="you"
            )
        if answer is None:
            gap = f"{at} was not filed, so what changed in it and before is not known."
            break
        source = told(answer, ChangedRelease).source
        steps.append(Step(at, source.since, source.changes, source.changes_left_out))
        if source.changes is None or not Version.is_valid(source.since or ""):
            gap = f"What changed in {at} is not known: its record does not say which release it followed."
        elif Version.parse(str(source.since)) < Version.parse(first):
            gap = f"{at} followed {source.since}, so this also holds what {first} has since then."
        at = source.since or at
    if not gap and at != first:
        gap = f"These are the last {MOST} releases; older ones are left out."
    return Changes(service, first, last, steps, gap)
