"""Derives `environment`, `place` and `arrival` from events, in the transaction that adds the events.

Nearly every event comes in order, and continues from the place's state. One that comes late continues from the last
arrival before it, and what followed is derived anew. tests/service/test_order_of_events.py proves that both give what
domain/timeline makes of all events at once.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from ...domain import timeline
from ...domain.reasons import event_entry
from ...domain.snapshot import fact_entry
from ...domain.state import NOTHING, Entry, State, position_at
from ...domain.timeline import Turn, arrivals, follow, in_order, weaker
from ..match import name_in
from ..rows import EnvironmentKey, PlaceKey, PlaceSince
from .news import News, news_of
from .statements import (
    ArrivalColumns,
    DeletedArrival,
    EndedArrival,
    KeptPlace,
    PlacePosition,
    Report,
    begin,
    confirm,
    delete_from,
    end,
    events_since,
    keep_place,
    last_before,
    place_count,
    place_of,
)

_decode = msgspec.json.Decoder(State).decode


class Changes(NamedTuple):
    """What is to be written, gathered from several places and written together; and the arrivals that were deleted, to
    be derived anew."""

    ended: list[EndedArrival]
    begun: list[ArrivalColumns]
    kept: list[KeptPlace]
    deleted: list[DeletedArrival]


class Batch(NamedTuple):
    """What was just added of one environment: an entry for each event, None for one without effect; when the newest was
    received; and how many places the environment may have."""

    entries: list[Entry | None]
    received_at: datetime
    most_places: int


class TooManyPlaces(Exception):
    """An environment would have more places than it may."""


async def project(batches: Mapping[str, Batch]) -> dict[str, News]:
    """Derives what follows from events that were just added, by environment, inside their transaction.

    It locks the environments' rows, in the order of their names. Raises TooManyPlaces.
    """
    await confirm.each([Report(name, len(it.entries), it.received_at) for name, it in sorted(batches.items())])
    by_place = defaultdict[PlaceKey, list[Entry]](list)
    for name, batch in batches.items():
        for entry in batch.entries:
            if entry is not None:
                by_place[PlaceKey(name, entry.place)].append(entry)
    kept = {PlaceKey(it.environment, it.place): it for it in await place_of.each(list(by_place))}
    for name, new in Counter(it.environment for it in by_place if it not in kept).items():
        [had] = await place_count(EnvironmentKey(name))
        if had.number + new > batches[name].most_places:
            raise TooManyPlaces(name)
    changes = Changes([], [], [], [])
    for key, entries in by_place.items():
        before = kept.get(key)
        position, state = (before.position, _decode(before.state)) if before else ("", NOTHING)
        await _continue(key, position, state, entries, changes)
    await end.each(changes.ended)
    await begin.each(changes.begun)
    await keep_place.each(changes.kept)
    return {
        name: news_of(name, it.entries, [row for row in changes.begun if row.environment == name], changes.deleted)
        for name, it in batches.items()
    }


async def _continue(key: PlaceKey, position: str, state: State, added: list[Entry], changes: Changes) -> None:
    """Puts into `changes` what `added` means for a place that stands at `position` in `state`."""
    turns, entries = list[Turn](), in_order(added)
    first = min(it.position for it in added)
    if state.running and state.running.seen:  # one of `added` may be the event of it
        first = min(first, position_at(state.running.since))
    if first < position or any(it.seen_at is not None for it in added):  # or its event came before
        turns, entries = await _rewind(key, first, changes)
        state = turns[0].state if turns else NOTHING
    more, after = follow(state, entries)
    if more and state.running is not None and not turns:
        by = more[0]
        changes.ended.append(EndedArrival(*key, by.at, weaker(state.running.basis, by.basis), by.cause))
    changes.begun.extend(_columns(key, it) for it in arrivals([*turns, *more]))
    last = max(position, *(it.position for it in added))
    changes.kept.append(KeptPlace(*key, last, _encode(after)))


async def _rewind(key: PlaceKey, position: str, changes: Changes) -> tuple[list[Turn], list[Entry]]:
    """Deletes the last arrival that an event began before `position`, and all later ones. Gives its turn, if there is
    one, and every entry of the place since then."""
    begun = await _begun_before(key, position)
    while begun and begun[0].state.running and begun[0].state.running.seen:
        begun = await _begun_before(key, begun[0].position)
    since = begun[0].position if begun else ""
    changes.deleted.extend(await delete_from(PlacePosition(*key, since)))
    events = await events_since(PlaceSince(*key, begun[0].at if begun else 0))
    entries = (event_entry(*event) or fact_entry(*event) for event in events)
    return begun, [it for it in in_order(it for it in entries if it is not None) if it.position > since]


async def _begun_before(key: PlaceKey, position: str) -> list[Turn]:
    """The turn of the last arrival that began before `position`, if there is one."""
    return [
        Turn(it.position, running.since, "", running.basis, state)
        for it in await last_before(PlacePosition(*key, position))
        if (running := (state := _decode(it.state)).running)
    ]


def _columns(key: PlaceKey, it: timeline.Arrival) -> ArrivalColumns:
    running = it.running
    return ArrivalColumns(
        *key,
        it.began.position,
        _encode(it.began.state),
        running.service or name_in(key.place),
        None if running.service else running.chart,
        running.version,
        running.oci_digest,
        running.since,
        it.until,
        it.basis,
        it.ended_by,
    )


def _encode(state: State) -> str:
    return msgspec.json.encode(state).decode()
