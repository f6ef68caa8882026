"""The ranges of names that observers read, each with its own rounds: which of them are silent, while others are heard.

What is gone is told as the only name of a range, which no round reads again: such are left out.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Environment
from ...domain.name_range import NameRange
from ...domain.state import NEAR
from ..rows import EnvironmentKey

ROUNDS = 3  # that an observer may miss before what it looks at is silent


class ReadRange(NamedTuple):
    """A range of names of a cluster's namespace, when it was last read completely, in seconds since 1970, and how often
    it is; 0: not regularly."""

    cluster: str
    namespace: str
    begins: str
    ends: str
    heard: int
    round_seconds: int

    @property
    def tolerated(self) -> int:
        """How many seconds may pass."""
        return ROUNDS * self.round_seconds

    @property
    def names(self) -> NameRange:
        return NameRange(self.namespace, self.begins, self.ends)

    def is_missed(self, now: int) -> bool:
        return 0 < self.tolerated < now - self.heard


Parts = Mapping[str, Sequence[ReadRange]]  # by namespace; they do not overlap, and are in the order of their names
begins_of = attrgetter("begins")

FIELDS = (
    "l.cluster, l.namespace, l.begins, l.ends,"
    " CASE WHEN coalesce(l.heard_at, 0) > l.at THEN l.heard_at ELSE l.at END AS heard,"
    " coalesce(l.round_seconds, e.round_seconds, 0) AS round_seconds"
)
JOINED = "cluster_listing l ON l.environment = e.environment AND l.ends <> l.begins || '-'"
_ranges = query(
    lambda environment: Environment.raw(
        f"SELECT {FIELDS} FROM environment e JOIN {JOINED} WHERE e.environment = {{}}", environment
    ),
    takes=EnvironmentKey,
    gives=ReadRange,
)


async def ranges_of(environment: str) -> list[ReadRange]:
    return await _ranges(EnvironmentKey(environment))


def longest_round(ranges: Iterable[ReadRange], given: int | None, now: int) -> int | None:
    """Of those that are heard, in seconds, and of the one that was just `given`; None: none is regular."""
    return max([it.round_seconds for it in ranges if not it.is_missed(now)] + [given or 0]) or None


def missed_in_clusters(ranges: Sequence[ReadRange], now: int) -> dict[str, Parts]:
    """What is silent of each cluster, by its name; "": of all together. Empty: nothing is."""
    if not any(it.is_missed(now) for it in ranges):
        return {}
    found = {"": missed(ranges, now)}
    for cluster in {it.cluster for it in ranges if it.cluster}:
        found[cluster] = missed([it for it in ranges if it.cluster == cluster], now)
    return found


def missed(ranges: Sequence[ReadRange], now: int) -> Parts:
    """What is silent of them. As a large namespace changes, its ranges begin elsewhere: of those that overlap the one
    that was heard last counts."""
    if not any(it.is_missed(now) for it in ranges):
        return {}
    found, by_namespace = dict[str, Sequence[ReadRange]](), defaultdict[str, list[ReadRange]](list)
    for it in ranges:
        by_namespace[it.namespace].append(it)
    for namespace, several in by_namespace.items():
        if silent := [*_joined(it for it in _newest(several) if it.is_missed(now))]:
            found[namespace] = silent
    return found


def _newest(several: Iterable[ReadRange]) -> Iterator[ReadRange]:
    """Of ranges of one namespace, that may overlap: parts that do not, each as it was heard last."""
    waiting = sorted(several, key=begins_of, reverse=True)
    heap = list[tuple[int, int, ReadRange]]()
    bounds = {"", *(it.begins for it in waiting), *(it.ends for it in waiting)}
    for begins, ends in pairwise([*sorted(bounds), ""]):
        while waiting and waiting[-1].begins <= begins:
            it = waiting.pop()
            heappush(heap, (-it.heard, len(waiting), it))
        while heap and heap[0][2].ends and heap[0][2].ends <= begins:
            heappop(heap)
        if heap:
            yield heap[0][2]._replace(begins=begins, ends=ends)


def _joined(parts: Iterable[ReadRange]) -> Iterator[ReadRange]:
    """Neighbours that were read in one round are one."""
    last: ReadRange | None = None
    for it in parts:
        if last and last.ends == it.begins and abs(last.heard - it.heard) <= NEAR:
            last = last._replace(ends=it.ends)
            continue
        if last:
            yield last
        last = it
    if last:
        yield last


def overlapping(parts: Parts, other: NameRange) -> Iterator[ReadRange]:
    """What the other range holds of parts."""
    several = parts.get(other.namespace, ())
    for number in range(max(0, bisect(several, other.from_, key=begins_of) - 1), len(several)):
        it = several[number]
        if other.until and it.begins >= other.until:
            return
        begins = max(it.begins, other.from_)
        ends = min(filter(None, (it.ends, other.until)), default="")
        if not ends or begins < ends:
            yield it._replace(begins=begins, ends=ends)
