"""Takes an observer's snapshots: keeps the levels that are new, and derives what follows from them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ...database import tables
from ...database.group_commit import written
from ...database.query import query
from ...domain.event import Cause, seconds_of
from ...domain.name_range import NameRanges
from ...domain.place import standing_in
from ...domain.snapshot import UNREADABLE, Sight, parse
from ...domain.state import Entry
from ..aside import aside
from ..rows import EnvironmentKey, PlaceKey
from . import levels, names, ranges, silence, unread
from .projection import Batch, project
from .statements import places
from .take import EventKey, EventReceipt, NewEvent, Signed, Taken, first, insert

A_RELEASE = 1000  # bytes of a HelmRelease in a snapshot, at most nearly always


class Observed(NamedTuple):
    environment: str
    now: datetime
    round_seconds: int | None


_observe = query(
    lambda environment, now, round_seconds: tables.Environment.update(
        {tables.Environment.observed_at: now, tables.Environment.round_seconds: round_seconds}
    ).where(tables.Environment.environment == environment),
    takes=Observed,
    gives=None,
)


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
    known, second = await ranges.ranges_of(it.environment), seconds_of(it.now)
    await silence.end_of_observer(it.environment, sight.ranges, known, it.now)
    entries: list[Entry | None] = [None, *await _levels(it.environment, sight)]  # the snapshot counts, as an event does
    await names.keep(it.environment, sight, second, it.most_places)
    news = await project({it.environment: Batch(entries, it.now, it.most_places)})
    await unread.add(it.environment, [UNREADABLE] * sight.unread, it.now)
    longest = ranges.longest_round(known, sight.round_seconds, second)
    await _observe(Observed(it.environment, it.now, longest))
    return Taken(EventReceipt(inserted[0].id, it.environment, it.now, sha256), True, news[it.environment])


async def _levels(environment: str, sight: Sight) -> list[Entry]:
    """The entries of what was seen, and of what is gone; a level that is as the one before makes that one longer."""
    rows = await places(EnvironmentKey(environment))
    last_said = await aside(len(rows), lambda: {it.place: _last_said(it.state) for it in rows})
    read = NameRanges(sight.ranges)
    gone = [it for it in sorted(last_said) if it not in sight.names and read.hold(*it.split("/"))]
    found = list[Entry]()
    for it in sorted(sight.levels, key=lambda it: it.place):
        key = PlaceKey(environment, it.place)
        found += await levels.keep(key, sight.at, it.resource_version, it.level, last_said.get(it.place, ()))
    for place in gone:
        said = {*last_said[place]}
        found += await levels.keep(PlaceKey(environment, place), sight.at, "", None, said if len(said) == 1 else ())
    return found


def _last_said(state: str) -> list[str]:
    """The beginning of the SHA-256 of what was said last of each object of a place, "": that cannot be told. What names
    no object, as absence, is said of each."""
    standing = standing_in(state)
    lanes = standing.open if standing else []
    return [lane.ties[-1] if lane.ties and lane.inverted < lane.high else "" for lane in lanes]
