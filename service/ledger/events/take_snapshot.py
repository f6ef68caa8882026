"""Takes an observer's snapshots: keeps the levels that are new, and derives what follows from them."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...database.group_commit import written
from ...domain.event import TOO_LATE, Cause, seconds_of
from ...domain.lane import NAME, ObjectLane
from ...domain.name_range import NameRanges
from ...domain.place import standing_in
from ...domain.snapshot import UNREADABLE, Sight, parse
from ...domain.state import Entry
from ..aside import aside
from ..rows import EnvironmentKey, PlaceKey
from . import levels, names, ranges, silence, unread
from .projection import Batch, project
from .statements import Observed, observe, places
from .take import EventKey, EventReceipt, NewEvent, Signed, Taken, first, insert

A_RELEASE = 1000  # bytes of a HelmRelease in a snapshot, at most nearly always


async def take(snapshot: Signed) -> Taken:
    return await written(_take_all, snapshot)


async def _take_all(snapshots: Sequence[Signed]) -> list[Taken]:
    """One after the other, since each depends on the one before; by environment, so that two replicas never wait for
    each other's rows (deadlock)."""
    results: dict[int, Taken] = {}
    for number in sorted(range(len(snapshots)), key=lambda number: snapshots[number].environment):
        results[number] = await _take(snapshots[number])
    return [results[number] for number in range(len(snapshots))]


async def _take(it: Signed) -> Taken:
    """Of the snapshot itself only the hash is kept: the next one, minutes later, has nearly the same content."""
    sight = await aside(len(it.body) // A_RELEASE, parse, it.body, it.now)
    sha256 = hashlib.sha256(it.body).hexdigest()
    if isinstance(sight, Cause):
        return Taken(EventReceipt(0, it.environment, it.now, sha256), False, cause=sight)
    inserted = await insert(NewEvent(it.environment, sha256, b"", it.now, None, None))
    if not inserted:
        [kept] = await first(EventKey(it.environment, sha256))
        return Taken(EventReceipt(*kept), False)
    await silence.lock(it.environment)
    known, second = await ranges.ranges_of(it.environment), seconds_of(it.now)
    look = await _look(it.environment, sight, known)
    own = [each for each in known if each.cluster in ("", *look.clusters)]
    await silence.end_of_observer(it.environment, sight.ranges, own, it.now)
    entries: list[Entry | None] = [None, *await _levels(look)]  # the snapshot counts, as an event does
    await names.keep(it.environment, sight, look.clusters, second, it.most_places)
    news = await project({it.environment: Batch(entries, it.now, it.most_places)})
    late = [TOO_LATE] * news[it.environment].left_out
    await unread.add(it.environment, [UNREADABLE] * sight.unread + late, it.now)
    longest = ranges.longest_round(known, sight.round_seconds, second)
    await observe(Observed(it.environment, it.now, longest))
    return Taken(EventReceipt(inserted[0].id, it.environment, it.now, sha256), True, news[it.environment])


class Looked(NamedTuple):
    """What a snapshot is held against: the open lanes of every place, the names that the cluster had which was looked
    at, and whether no other one reports."""

    environment: str
    sight: Sight
    lanes: Mapping[str, Sequence[ObjectLane]]
    clusters: frozenset[str]
    alone: bool


async def _look(environment: str, sight: Sight, known: Sequence[ranges.ReadRange]) -> Looked:
    """An object is in one cluster: as which that was named before, this one is named now."""
    rows = await places(EnvironmentKey(environment))
    lanes = await aside(len(rows), lambda: {it.place: _open(it.state) for it in rows})
    clusters = {sight.cluster}
    for it in sight.levels:
        shown = [lane for lane in lanes.get(it.place, ()) if lane.uid and lane.uid == it.level.uid]
        clusters.update(name for lane in shown for name in lane.clusters)
    alone = all(it.cluster in ("", *clusters) for it in known)
    return Looked(environment, sight, lanes, frozenset(clusters), alone)


async def _levels(look: Looked) -> list[Entry]:
    """The entries of what was seen, and of what is gone; a level that is as the one before makes that one longer."""
    environment, sight = look.environment, look.sight
    read = NameRanges(sight.ranges)
    gone = [it for it in sorted(look.lanes) if it not in sight.names and read.hold(*it.split("/"))]
    found = list[Entry]()
    for it in sorted(sight.levels, key=lambda it: it.place):
        key = PlaceKey(environment, it.place)
        said = [_last_said(lane) for lane in look.lanes.get(it.place, ())]
        found += await levels.keep(key, sight.at, it.resource_version, it.level, said)
    for place in gone:
        found += await _absence(PlaceKey(environment, place), look)
    return found


async def _absence(key: PlaceKey, look: Looked) -> list[Entry]:
    """What names no object is said of each that it may be about, under a name that its cluster has."""
    lanes, at, cluster = look.lanes[key.place], look.sight.at, look.sight.cluster
    about = [it for it in lanes if not it.clusters or look.clusters & {*it.clusters}]
    if lanes and not about and at >= min(it.first for it in lanes):  # before, another object may have been there
        return []
    unseen = max((it.last for it in about if not it.clusters), default=0)
    if unseen and not look.alone and not await names.gone_elsewhere(key, look.clusters, unseen):
        return []
    named = {name for it in about for name in it.clusters} & look.clusters
    if named and cluster not in named:
        cluster = min(named)
    said = {*map(_last_said, about)}
    return await levels.keep(key, at, "", cluster, said if len(said) == 1 else ())


def _open(state: str) -> list[ObjectLane]:
    standing = standing_in(state)
    return standing.open if standing else []


def _last_said(lane: ObjectLane) -> str:
    """The beginning of the SHA-256 of what was said last of an object, "": that cannot be told."""
    return lane.ties[-1][:NAME] if lane.ties and lane.inverted < lane.high else ""
