"""Takes an observer's snapshots: keeps the levels that are new, and derives what follows from them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from ...database import tables
from ...database.group_commit import written
from ...database.query import query
from ...domain.event import Cause
from ...domain.level import Level
from ...domain.place import standing_in
from ...domain.snapshot import UNREADABLE, Sight, level_entries, parse
from ...domain.state import Entry
from ..rows import EnvironmentKey, PlaceKey
from . import names, silence, unread
from .names import NewLevel, absent_sha256, insert_level
from .projection import Batch, project
from .statements import places
from .take import EventKey, EventReceipt, NewEvent, Signed, Taken, first, insert


class NewestLevel(NamedTuple):
    id: int
    sha256: str
    first_at: int
    last_at: int


class LaterLevel(NamedTuple):
    id: int
    last_at: int
    last_version: str


class Observed(NamedTuple):
    environment: str
    now: datetime
    round_seconds: int | None


_newest = query(
    lambda environment, place: (
        tables.Level.select(tables.Level.id, tables.Level.sha256, tables.Level.first_at, tables.Level.last_at)
        .where((tables.Level.environment == environment) & (tables.Level.place == place))
        .order_by(tables.Level.last_at, ascending=False)
        .order_by(tables.Level.id, ascending=False)
        .limit(1)
    ),
    takes=PlaceKey,
    gives=NewestLevel,
)
_extend = query(
    lambda id, last_at, last_version: tables.Level.update(
        {tables.Level.last_at: last_at, tables.Level.last_version: last_version}
    ).where(tables.Level.id == id),
    takes=LaterLevel,
    gives=None,
)
_observe = query(
    lambda environment, now, round_seconds: tables.Environment.update(
        {tables.Environment.observed_at: now, tables.Environment.round_seconds: round_seconds}
    ).where(tables.Environment.environment == environment),
    takes=Observed,
    gives=None,
)
_encode = msgspec.json.Encoder().encode


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
    sight = parse(it.body, it.now)
    sha256 = hashlib.sha256(it.body).hexdigest()
    if isinstance(sight, Cause):
        return Taken(EventReceipt(0, it.environment, it.now, sha256), False, cause=sight)
    inserted = await insert(NewEvent(it.environment, sha256, b"", it.now, None, None))
    if not inserted:
        [kept] = await first(EventKey(it.environment, sha256))
        return Taken(EventReceipt(*kept), False)
    entries: list[Entry | None] = [None, *await _levels(it.environment, sight)]  # the snapshot counts, as an event does
    await names.keep(it.environment, sight.at, sight.ranges, sight.names)
    news = await project({it.environment: Batch(entries, it.now, it.most_places)})
    await unread.add(it.environment, [UNREADABLE] * sight.unread, it.now)
    await silence.end_of_observer(it.environment, it.now)
    await _observe(Observed(it.environment, it.now, sight.round_seconds))
    return Taken(EventReceipt(inserted[0].id, it.environment, it.now, sha256), True, news[it.environment])


async def _levels(environment: str, sight: Sight) -> list[Entry]:
    """The entries of what was seen, and of what is gone; a level that is as the one before makes that one longer."""
    last_said = {it.place: _last_said(it.state) for it in await places(EnvironmentKey(environment))}
    gone = [
        place
        for place in sorted(last_said)
        if place not in sight.names and any(it.holds(*place.split("/")) for it in sight.ranges)
    ]
    found = list[Entry]()
    for it in sorted(sight.levels, key=lambda it: it.place):
        key = PlaceKey(environment, it.place)
        found += await _keep(key, sight.at, it.resource_version, it.level, last_said.get(it.place, ""))
    for place in gone:
        found += await _keep(PlaceKey(environment, place), sight.at, "", None, last_said[place])
    return found


async def _keep(key: PlaceKey, at: int, version: str, level: Level | None, last_said: str) -> list[Entry]:
    """`level` None: the HelmRelease is absent. `last_said`: what was said last of the place."""
    body = _encode(level) if level else b""
    sha256 = hashlib.sha256(body).hexdigest() if level else absent_sha256(key.place)
    rows = await _newest(key) if sha256[:16] == last_said else []
    newest = rows[0] if rows and rows[0].sha256 == sha256 else None
    if newest and newest.first_at <= at <= newest.last_at:
        return []
    if newest and at > newest.last_at:
        await _extend(LaterLevel(newest.id, at, version))
    else:
        await insert_level(NewLevel(*key, sha256, body, at, version, at, version))
    return list(level_entries(key.place, body, sha256, [(at, version)]))


def _last_said(state: str) -> str:
    """The beginning of the SHA-256 of what was said last of a place; "": that cannot be told."""
    standing = standing_in(state)
    if standing is None or not standing.lanes:
        return ""
    lane = standing.lanes[-1]
    return lane.ties[-1] if lane.ties and lane.inverted < lane.high else ""
