"""All that was said of a place: Flux's events, and the levels of observers."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Event, Level
from ...domain.event import Cause
from ...domain.reasons import event_entry
from ...domain.snapshot import fact_entry, level_entries
from ...domain.state import Entry
from ..aside import aside
from ..match import moment
from ..rows import EventRow, PlaceBetween, PlaceKey

EVER = 2**62


class LevelRow(NamedTuple):
    body: bytes
    sha256: str
    first_at: int
    first_version: str
    last_at: int
    last_version: str


_events = query(
    lambda environment, place, since, until: Event.select(Event.body, Event.sha256, Event.received_at).where(
        (Event.environment == environment) & (Event.place == place) & (Event.at >= since) & (Event.at <= until)
    ),
    takes=PlaceBetween,
    gives=EventRow,
    many=True,
)
_levels = query(
    lambda environment, place, since, until: Level.select(
        Level.body, Level.sha256, Level.first_at, Level.first_version, Level.last_at, Level.last_version
    ).where(
        (Level.environment == environment)
        & (Level.place == place)
        & (Level.last_at >= since)
        & (Level.first_at <= until)
    ),
    takes=PlaceBetween,
    gives=LevelRow,
    many=True,
)


class Begun(NamedTuple):
    """Of a place, from `since` on, in seconds since 1970."""

    environment: str
    place: str
    since: int
    limit: int


class SaidCount(NamedTuple):
    number: int


class Said(NamedTuple):
    """`received_at` None: of what an observer saw, which is kept once for all that is equal."""

    entry: Entry
    at: datetime
    received_at: datetime | None


_first_events = query(
    lambda environment, place, since, limit: Event.raw(
        "SELECT body, sha256, received_at FROM event WHERE environment = {} AND place = {} AND at >= {}"
        " ORDER BY at LIMIT {}",
        environment,
        place,
        since,
        limit,
    ),
    takes=Begun,
    gives=EventRow,
)
_first_levels = query(
    lambda environment, place, since, limit: Level.raw(
        "SELECT body, sha256, first_at, first_version, last_at, last_version FROM level"
        " WHERE environment = {} AND place = {} AND last_at >= {} ORDER BY last_at LIMIT {}",
        environment,
        place,
        since,
        limit,
    ),
    takes=Begun,
    gives=LevelRow,
)


_count = query(
    lambda environment, place, since, limit: Event.raw(
        "SELECT count(*) AS number FROM (SELECT * FROM (SELECT 1 FROM event WHERE environment = {} AND place = {}"
        " AND at >= {} LIMIT {}) e UNION ALL SELECT * FROM (SELECT 1 FROM level WHERE environment = {} AND place = {}"
        " AND last_at >= {} LIMIT {}) l) s",
        *(environment, place, since, limit),
        *(environment, place, since, limit),
    ),
    takes=Begun,
    gives=SaidCount,
)


async def is_more_than(limit: int, key: PlaceKey, since: int = 0) -> bool:
    """Whether more was said of a place from `since` on, in seconds since 1970."""
    [found] = await _count(Begun(*key, since, limit + 1))
    return found.number > limit


async def said_from(key: PlaceKey, since: int, limit: int) -> list[Said]:
    """The first of what was said of a place from `since` on, in seconds since 1970, oldest first."""
    begun, found = Begun(*key, since, limit), list[Said]()
    for row in await _first_events(begun):
        found += [Said(it, moment(it.at), row.received_at) for it in entry_of(row)]
    for level in await _first_levels(begun):
        found += [Said(it, moment(it.at), None) for it in level_entries_of(key.place, level)]
    return sorted((it for it in found if it.entry.at >= since), key=lambda it: (it.entry.at, it.entry.rank))[:limit]


async def entries_between(key: PlaceKey, since: int = 0, until: int = EVER) -> list[Entry]:
    """In no order; `since` and `until`, both included, in seconds since 1970."""
    between = PlaceBetween(*key, since, until)
    events, levels = await _events(between), await _levels(between)
    return await aside(len(events) + len(levels), _entries, between, events, levels)


def _entries(between: PlaceBetween, events: Iterable[EventRow], levels: Iterable[LevelRow]) -> list[Entry]:
    found = [it for row in events for it in entry_of(row)]
    found += [it for row in levels for it in level_entries_of(between.place, row)]
    return [it for it in found if between.since <= it.at <= between.until]


def entry_of(row: EventRow) -> list[Entry]:
    """None, if it has no effect."""
    entry = event_entry(*row)
    if isinstance(entry, Cause):
        entry = fact_entry(*row) or entry
    return [entry] if isinstance(entry, Entry) else []


def level_entries_of(place: str, it: LevelRow) -> list[Entry]:
    return list(level_entries(place, it.body, it.sha256, sighted(it)))


def sighted(it: LevelRow) -> list[tuple[int, str]]:
    """When it was seen first and last, and at which resourceVersions."""
    times = [(it.first_at, it.first_version), (it.last_at, it.last_version)]
    return times[:1] if times[0] == times[1] else times
