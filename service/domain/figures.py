"""Delivery figures of a period, from what is counted in it. docs/explanation/figures.md has the definitions with worked
examples.

All times are in seconds since 1970. Nothing to count gives null, never 0.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from operator import attrgetter, itemgetter
from statistics import median
from typing import NamedTuple, TypeVar

from msgspec import Struct

from .state import position_at

WEEK = 7 * 24 * 3600


class Deployment(NamedTuple):
    """A version began to run in an environment. `release`: its number in the order in which releases are filed; None:
    it was not. `again`: it ran there before. `reworks`: it is the first new one after another that failed. What is at a
    `position` was told until then."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    release: int | None
    again: bool
    place: str
    reworks: bool = False


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


class CountedRelease(Struct, frozen=True, gc=False):
    """`number`: the order in which releases are filed."""

    number: int
    commit: str
    committed: int


class BroughtCommits(Struct, frozen=True, gc=False):
    """The releases whose source commits began to run with a deployment, which has the same time and position."""

    at: int
    position: str
    by: Deployment
    releases: tuple[CountedRelease, ...]


class BroughtCommit(NamedTuple):
    """A source commit that began to run in an environment, with this version."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    commit: str
    committed: int


class Told(NamedTuple):
    """What may be counted, each in the order of `at`."""

    deployments: Sequence[Deployment]
    failures: Sequence[Failure]
    commits: Sequence[BroughtCommits]


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


Item = TypeVar("Item", Deployment, Failure, BroughtCommits)


def counted(told: Told, begins: int, ends: int) -> CountedLists:
    """In [begins, ends), as it was known when that ended."""
    inside = _inside(told, begins, ends)
    commits = [BroughtCommit(*each.by[:5], it.commit, it.committed) for each in inside.commits for it in each.releases]
    return CountedLists(
        deployments=inside.deployments,
        commits=[it for it in commits if it.at >= it.committed],
        left_out=[
            *(it for it in inside.deployments if it.release is None),
            *(it for it in commits if it.at < it.committed),  # a clock was wrong
        ],
        changes=[*inside.deployments, *_failed_alone(inside.failures, begins, ends)],
        failures=inside.failures,
        recoveries=[it for it in inside.failures if it.mended],
        failing=[it for it in inside.failures if not it.mended],
        rework=[it for it in inside.deployments if it.reworks],
    )


def figures(told: Told, begins: int, ends: int) -> PeriodFigures:
    """How many `counted` gives, and what they are in the middle."""
    deployments, failures, commits = _inside(told, begins, ends)
    leads = sorted([each.at - it.committed for each in commits for it in each.releases])
    dated_later = bisect_left(leads, 0)
    recoveries = [recovery_seconds(it) for it in failures if it.mended]
    begun, failed, reworks = len(deployments), len(failures), [it.reworks for it in deployments].count(True)
    changed = begun + len(_failed_alone(failures, begins, ends))
    unfiled = [it.release for it in deployments].count(None)
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
    return Told(inside(told.deployments), failures, inside(told.commits))


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


def reworked(deployments: Iterable[Deployment], failures: Sequence[Failure]) -> set[Deployment]:
    """The first of a service in an environment after each failure there, but for those of the version that failed.
    `deployments` are in the order of their positions."""
    lines = defaultdict[tuple[str, ...], list[Deployment]](list)
    failed = {it[:2] for it in failures}
    for each in deployments:
        if each[:2] in failed:
            lines[each[:2]].append(each)
    after = ((it, bisect_right(lines[it[:2]], it.position, key=attrgetter("position"))) for it in failures)
    found = [(it, lines[it[:2]][index]) for it, index in after if index < len(lines[it[:2]])]
    return {each for it, each in found if each.version != it.version}


def recovery_seconds(it: Failure) -> int:
    """Of one that has recovered."""
    return max(0, it.mended[0] - it.at) if it.mended else 0


def brought(
    begun: Iterable[Deployment], filed: Sequence[CountedRelease], newest: int | None, ran: Iterable[str]
) -> Iterator[BroughtCommits]:
    """What a service got in an environment by deployments of filed releases, in the order of their positions: the
    commits of those that were `filed`, in their order, since the `newest` that ran before, but for those that `ran`."""
    known, numbers = set(ran), [it.number for it in filed]
    first = 0 if newest is None else bisect_right(numbers, newest)
    for each in begun:
        end = bisect_right(numbers, each.release or 0)
        if end <= first:  # a newer one ran before
            known.add(filed[end - 1].commit)
            continue
        if newest is None:
            first = newest = end - 1  # of the first one that runs, only its own
        fresh = list[CountedRelease]()
        for it in filed[first:end]:  # of two releases of one commit the first one tells
            if it.commit not in known:
                known.add(it.commit)
                fresh.append(it)
        if fresh:
            yield BroughtCommits(each.at, each.position, each, tuple(fresh))
        first = end


def slices(begins: int, ends: int, number: int) -> list[tuple[int, int]]:
    """The period in so many parts, of whole seconds."""
    bounds = [begins + (ends - begins) * it // number for it in range(number + 1)]
    return list(pairwise(bounds))


def _middle(ordered: Sequence[int], *, left: int) -> Count:
    if not ordered:
        return Count(None, 0, left=left)
    return Count(median(ordered), len(ordered), p90=ordered[ceil(0.9 * len(ordered)) - 1], left=left)
