"""Delivery figures of a period, from changes and from the commits that they brought. docs/explanation/figures.md has
the definitions with worked examples.

All times are in seconds since 1970. Nothing to count gives null, never 0.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from statistics import median
from typing import NamedTuple

from msgspec import Struct

WEEK = 7 * 24 * 3600


class Change(Struct, frozen=True):
    """A version of a service in an environment. `began`: when it began to run there first. `failed`: when it first
    failed before it was well, or people rolled it back. `mended`: when the service was well there again. `filed`: its
    release is known. None: that did not happen."""

    environment: str
    service: str
    version: str
    began: int | None
    failed: int | None
    mended: int | None = None
    filed: bool = True


class BroughtCommit(Struct, frozen=True):
    """A commit that began to run somewhere, `seconds` after it was committed."""

    began: int
    seconds: int


class CountedRelease(NamedTuple):
    """`number`: the order in which releases are filed."""

    number: int
    commit: str
    committed: int


class Count(Struct, frozen=True):
    """`value`: null where nothing was counted. `n` were counted, where that is a share `of` so many; `left` could not
    be. `p90`: what nine of ten do not exceed."""

    value: float | None
    n: int
    of: int | None = None
    p90: float | None = None
    left: int = 0


class PeriodFigures(Struct, frozen=True):
    """`deployments` a week, `change_fail_rate` from 0 to 1, the others in seconds."""

    deployments: Count
    lead_time: Count
    change_fail_rate: Count
    recovery_time: Count
    rework_rate: Count


def figures(changes: Iterable[Change], commits: Iterable[BroughtCommit], begins: int, ends: int) -> PeriodFigures:
    """Of [begins, ends), as it was known when it ended."""

    def inside(at: int | None) -> bool:
        return at is not None and begins <= at < ends

    begun = failed = changed = unfiled = still = 0
    recoveries, leads = list[int](), list[int]()
    for it in changes:
        if inside(it.began):
            begun += 1
            unfiled += not it.filed
        if inside(it.failed):
            failed += 1
            if it.failed is not None and it.mended is not None and it.mended < ends:
                recoveries.append(it.mended - it.failed)
            else:
                still += 1
        first = min((at for at in (it.began, it.failed) if at is not None), default=None)
        changed += inside(first) or inside(it.failed)
    for commit in commits:
        if inside(commit.began):
            leads.append(commit.seconds)
    known = [it for it in leads if it >= 0]  # else a clock was wrong
    return PeriodFigures(
        deployments=Count(begun * WEEK / (ends - begins) if begun else None, begun),
        lead_time=_middle(known, left=unfiled + len(leads) - len(known)),
        change_fail_rate=Count(failed / changed if changed else None, failed, of=changed),
        recovery_time=_middle(recoveries, left=still),
        rework_rate=Count(None, 0, left=begun),
    )


def brought(
    begun: Iterable[tuple[int, int]], filed: Sequence[CountedRelease], newest: int | None, ran: Iterable[str]
) -> Iterator[BroughtCommit]:
    """What a service got in an environment by the releases that were `begun`, each with its time, in that order: the
    commits of those that were `filed`, in their order, since the `newest` that ran before, but for those that `ran`."""
    known, numbers = set(ran), [it.number for it in filed]
    for at, number in begun:
        end = bisect_right(numbers, number)
        if newest is None or number > newest:
            for it in filed[end - 1 if newest is None else bisect_right(numbers, newest) : end]:
                if it.commit not in known:
                    yield BroughtCommit(at, at - it.committed)
                    known.add(it.commit)
            newest = number
        known.add(filed[end - 1].commit)


def slices(begins: int, ends: int, number: int) -> list[tuple[int, int]]:
    """The period in so many parts, of whole seconds."""
    bounds = [begins + (ends - begins) * it // number for it in range(number + 1)]
    return list(pairwise(bounds))


def _middle(values: Sequence[int], *, left: int) -> Count:
    if not values:
        return Count(None, 0, left=left)
    ordered = sorted(values)
    return Count(median(ordered), len(ordered), p90=ordered[ceil(0.9 * len(ordered)) - 1], left=left)
