"""Delivery figures of a period, from what is counted in it. docs/explanation/figures.md has the definitions with worked
examples.

All times are in seconds since 1970. Nothing to count gives null, never 0.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil
from operator import attrgetter, itemgetter
from statistics import median
from typing import NamedTuple, TypeVar

from msgspec import Struct

from .state import position_at

WEEK = 7 * 24 * 3600


class ArrivedVersion(NamedTuple):
    """A version that began to run in a place. `release`: its number in the order in which releases are filed; None: it
    was not. `again`: it ran in the environment before. What is at a `position` was told until then."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    release: int | None
    again: bool
    place: str


class FiledCommits(NamedTuple):
    """A service's in the order of their `numbers`: their source commits, and when each was made."""

    numbers: list[int]
    commits: list[str]
    committed: list[int]


class Deployment(Struct, frozen=True, gc=False):
    """A version began to run in an environment in which it never ran before. `known`: its release was filed.
    `reworks`: it is the first after another that failed. `brings`: the source commits that began to run with it, and
    how long after each was made."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    known: bool
    reworks: bool
    brings: Mapping[str, int]


class FailedPlace(NamedTuple):
    """Where a version failed: since when, and when the service was well there again. None: that did not happen."""

    at: int
    position: str
    mended: tuple[int, str] | None


class Failure(NamedTuple):
    """A version failed in an environment, for the first time before it ran well, or people roll it back. `began`: when
    it began to run there; `places`: where it failed, in the order in which it did; `mended`: when the service was well
    in all of them again. None: that did not happen."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    release: int | None
    began: tuple[int, str] | None
    places: tuple[FailedPlace, ...]
    mended: tuple[int, str] | None = None


class BroughtCommit(Struct, frozen=True, gc=False):
    """A source commit that began to run in an environment, with this version, `seconds` after it was made."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    commit: str
    seconds: int


class Told(NamedTuple):
    """What may be counted, each in the order of `at`."""

    deployments: Sequence[Deployment]
    failures: Sequence[Failure]


class CountedLists(NamedTuple):
    """What is counted in a period, by the name of its list: `changes` began or failed in it; `left_out` have no lead
    time that can be known, `failing` were not mended yet."""

    deployments: Sequence[Deployment]
    commits: Sequence[BroughtCommit]
    left_out: Sequence[Deployment | BroughtCommit]
    changes: Sequence[Deployment | Failure]
    failures: Sequence[Failure]
    recoveries: Sequence[Failure]
    failing: Sequence[Failure]
    rework: Sequence[Deployment]


class Count(Struct, frozen=True):
    """`value`: null where nothing was counted. `n` were counted, where that is a share `of` so many; `left` could not
    be. `p90`: what nine of ten do not exceed."""

    value: float | None
    n: int
    of: int | None = None
    p90: float | None = None
    left: int = 0


class PeriodFigures(Struct, frozen=True):
    """`deployments` a week, `change_fail_rate` and `rework_rate` from 0 to 1, the others in seconds."""

    deployments: Count
    lead_time: Count
    change_fail_rate: Count
    recovery_time: Count
    rework_rate: Count


Item = TypeVar("Item", Deployment, Failure)


def counted(told: Told, begins: int, ends: int) -> CountedLists:
    """In [begins, ends), as it was known when that ended."""
    inside = _inside(told, begins, ends)
    commits = [
        BroughtCommit(by.environment, by.service, by.version, by.at, by.position, *commit)
        for by in inside.deployments
        for commit in by.brings.items()
    ]
    return CountedLists(
        deployments=inside.deployments,
        commits=[it for it in commits if it.seconds >= 0],
        left_out=[
            *(it for it in inside.deployments if not it.known),
            *(it for it in commits if it.seconds < 0),  # a clock was wrong
        ],
        changes=[*inside.deployments, *_failed_alone(inside.failures, begins, ends)],
        failures=inside.failures,
        recoveries=[it for it in inside.failures if it.mended],
        failing=[it for it in inside.failures if not it.mended],
        rework=[it for it in inside.deployments if it.reworks],
    )


def figures(told: Told, begins: int, ends: int) -> PeriodFigures:
    """How many `counted` gives, and what they are in the middle."""
    deployments, failures = _inside(told, begins, ends)
    leads = sorted([seconds for it in deployments for seconds in it.brings.values()])
    dated_later = bisect_left(leads, 0)
    recoveries = [recovery_seconds(it) for it in failures if it.mended]
    begun, failed, reworks = len(deployments), len(failures), [it.reworks for it in deployments].count(True)
    changed = begun + len(_failed_alone(failures, begins, ends))
    unfiled = [it.known for it in deployments].count(False)
    return PeriodFigures(
        deployments=Count(begun * WEEK / (ends - begins) if begun else None, begun),
        lead_time=_middle(leads[dated_later:], left=unfiled + dated_later),
        change_fail_rate=Count(failed / changed if changed else None, failed, of=changed),
        recovery_time=_middle(sorted(recoveries), left=failed - len(recoveries)),
        rework_rate=Count(reworks / begun if begun else None, reworks, of=begun),
    )


def _inside(told: Told, begins: int, ends: int) -> Told:
    """What was told of the period until it ended."""
    known = position_at(ends)

    def inside(items: Sequence[Item]) -> list[Item]:
        first, end = (bisect_left(items, it, key=attrgetter("at")) for it in (begins, ends))
        return [it for it in items[first:end] if it.position < known]

    failures = [it._replace(mended=_mended(it.places, begins, ends)) for it in inside(told.failures)]
    return Told(inside(told.deployments), failures)


def _mended(places: Iterable[FailedPlace], begins: int, ends: int) -> tuple[int, str] | None:
    """When there was no place any more in which it had failed and was not well again. What fails after that is another
    matter."""
    found: tuple[int, str] | None = None
    for it in places:
        if found and not (it.at < ends and it.position < found[1]):
            return found
        if it.mended is None or not _within(it.mended, begins, ends):
            return None
        found = max(found or it.mended, it.mended, key=itemgetter(1))
    return found


def _within(at: tuple[int, str] | None, begins: int, ends: int) -> bool:
    return at is not None and begins <= at[0] < ends and at[1] < position_at(ends)


def _failed_alone(failures: Iterable[Failure], begins: int, ends: int) -> list[Failure]:
    """Those that are not deployments of the period too."""
    return [it for it in failures if not _within(it.began, begins, ends)]


def reworking(begun: Sequence[ArrivedVersion], failures: Iterable[Failure], *, ill: bool) -> set[str]:
    """The versions that were the first to begin after another one failed. All are of a service in an environment,
    `begun` in the order of their positions; `ill`: another than the first of them had failed before."""
    after = ((it.version, bisect_right(begun, it.position, key=attrgetter("position"))) for it in failures)
    found = {begun[index].version for failed, index in after if index < len(begun) and begun[index].version != failed}
    return {begun[0].version, *found} if ill else found


def recovery_seconds(it: Failure) -> int:
    """Of one that has recovered."""
    return max(0, it.mended[0] - it.at) if it.mended else 0


def brought(
    begun: Iterable[ArrivedVersion], filed: FiledCommits, newest: int | None, ran: Iterable[str]
) -> Iterator[Mapping[str, int]]:
    """What a service got in an environment with each version that began there, in the order of their positions: the
    commits that were `filed` since the `newest` that ran before, but for those that `ran`, and how long after each was
    made."""
    known, (numbers, commits, committed) = set(ran), filed
    first = 0 if newest is None else bisect_right(numbers, newest)
    for it in begun:
        fresh: dict[str, int] = {}
        end = bisect_right(numbers, it.release or 0)
        if first < end:
            if newest is None:
                first = newest = end - 1  # of the first one that runs, only its own
            for index in range(first, end):
                if (commit := commits[index]) not in known:  # of two releases of one commit the first one tells
                    known.add(commit)
                    fresh[commit] = it.at - committed[index]
            first = end
        elif it.release:  # a newer one ran before
            known.add(commits[end - 1])
        yield fresh


def slices(begins: int, ends: int, number: int) -> list[tuple[int, int]]:
    """The period in so many parts, of whole seconds."""
    bounds = [begins + (ends - begins) * it // number for it in range(number + 1)]
    return list(pairwise(bounds))


def _middle(ordered: Sequence[int], *, left: int) -> Count:
    if not ordered:
        return Count(None, 0, left=left)
    return Count(median(ordered), len(ordered), p90=ordered[ceil(0.9 * len(ordered)) - 1], left=left)
