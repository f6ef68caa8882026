"""Derives every place anew from what was said of it: after an upgrade that changes the rules, or when asked to."""

from datetime import UTC, datetime
from typing import NamedTuple

from ...database.piccolo_conf import current
from ...database.query import query
from ...database.tables import Event, Place
from ...domain.event import TOO_LATE, Cause
from ...domain.place import standing_in
from ...domain.reasons import event_entry
from ...domain.snapshot import fact_entry
from ...domain.state import Entry
from ..progress import Say, silence
from ..rows import EnvironmentKey, PlaceKey
from . import unread
from .changes import Changes, write
from .pieces import EventRange, pieces
from .projection import derive
from .statements import place_of


class PlacedEvent(NamedTuple):
    id: int
    environment: str
    body: bytes
    sha256: str
    received_at: datetime
    place: str | None
    at: int | None


class Nothing(NamedTuple):
    """The key of a query without parameters."""


class StaleRow(NamedTuple):
    environment: str
    place: str
    state: str


class EventPlace(NamedTuple):
    id: int
    place: str | None
    at: int | None


_of_piece = query(
    lambda first, last: Event.raw(
        "SELECT id, environment, body, sha256, received_at, place, at FROM event WHERE id BETWEEN {} AND {}",
        first,
        last,
    ),
    takes=EventRange,
    gives=PlacedEvent,
)
_move = query(
    lambda id, place, at: Event.update({Event.place: place, Event.at: at}).where(Event.id == id),
    takes=EventPlace,
    gives=None,
)
_lock = query(
    lambda environment: Event.raw("UPDATE environment SET events = events WHERE environment = {}", environment),
    takes=EnvironmentKey,
    gives=None,
)
_every = query(
    lambda: Place.raw("SELECT environment, place, state FROM place ORDER BY environment, place"),
    takes=Nothing,
    gives=StaleRow,
)
_said = query(
    lambda: Place.raw(
        "SELECT environment, place, '' AS state FROM"
        " (SELECT environment, place FROM event WHERE place IS NOT NULL UNION SELECT environment, place FROM level) s"
        " ORDER BY environment, place"
    ),
    takes=Nothing,
    gives=StaleRow,
)


async def rebuild(say: Say = silence) -> int:
    """All places; gives their number. It may run while ledgers of this version serve."""
    began = datetime.now(UTC)
    await _place_events(say)
    made = await _derive(say, stale_only=False)
    async with current().transaction():
        await unread.clear(TOO_LATE, began)
    return made


async def rebuild_stale(say: Say = silence) -> int:
    """Those that older rules made, if there are any."""
    if all(standing_in(it.state) is not None for it in await _every(Nothing())):
        return 0
    await _place_events(say)
    return await _derive(say, stale_only=True)


async def _derive(say: Say, *, stale_only: bool) -> int:
    made, engine, said = 0, current(), await _said(Nothing())
    for number, it in enumerate(said, 1):
        key = PlaceKey(it.environment, it.place)
        async with engine.transaction():
            await _lock.each([EnvironmentKey(it.environment)])
            kept = await place_of.each([key])
            if stale_only and kept and standing_in(kept[0].state) is not None:
                continue
            changes = Changes.none()
            await derive(key, changes)
            await write(changes)
            made += 1
        say(f"{number} of {len(said)} places derived anew")
    return made


async def _place_events(say: Say) -> None:
    """Which place each event is about, and its time, as today's rules have it."""
    engine = current()
    async for piece in pieces():
        moved = [it for it in map(_placed, await _of_piece(piece)) if it is not None]
        if moved:
            async with engine.transaction():
                await _move.each(moved)
        say(f"events up to number {piece.last} read")


def _placed(it: PlacedEvent) -> EventPlace | None:
    """None: it is there already."""
    entry = event_entry(it.body, it.sha256, it.received_at)
    if isinstance(entry, Cause):
        entry = fact_entry(it.body, it.sha256, it.received_at) or entry
    place, at = (entry.place, entry.at) if isinstance(entry, Entry) else (None, None)
    return None if (place, at) == (it.place, it.at) else EventPlace(it.id, place, at)
