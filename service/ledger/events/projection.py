"""Keeps `environment`, `place` and `arrival` as the events say, in the transaction that adds the events.

What is said in order, which is nearly always, continues from the place's state. Something said late continues
from the last arrival before it, and what followed is derived anew. tests/service/test_stories.py proves that
both give what domain/timeline makes of all events at once.
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
from ..rows import PlaceKey, PlaceSince
from .statements import (
    EndedArrival,
    KeptPlace,
    NewArrival,
    PlacePosition,
    Report,
    begin,
    confirm,
    end,
    events_since,
    forget_from,
    keep_place,
    last_before,
    place_of,
)

_decode = msgspec.json.Decoder(State).decode


class Changes(NamedTuple):
    """What is to be written, gathered from several places and written together; and the arrivals that were deleted, to
    be derived anew."""

    ended: list[EndedArrival]
    begun: list[NewArrival]
    kept: list[KeptPlace]
    deleted: list[PlacePosition]


class Batch(NamedTuple):
    """What was just said in an environment, as `heard`, and when the newest of it was received."""

    entries: list[Entry | None]
    received_at: datetime


async def project(said: Mapping[str, Batch]) -> Counter[str]:
    """Takes note of events just added, by environment, inside their transaction. Returns how many arrivals are known
    more than before, by environment.

    It locks the environments' rows, in the order of their names.
    """
    await confirm.each([Report(name, len(it.entries), it.received_at) for name, it in sorted(said.items())])
    by_place = defaultdict[PlaceKey, list[Entry]](list)
    for name, it in said.items():
        for entry in it.entries:
            if entry is not None:
                by_place[PlaceKey(name, entry.place)].append(entry)
    kept = {PlaceKey(it.environment, it.place): it for it in await place_of.each(list(by_place))}
    changes = Changes([], [], [], [])
    for key, entries in by_place.items():
        before = kept.get(key)
        position, state = (before.position, _decode(before.state)) if before else ("", NOTHING)
        await _follow(*key, position, state, entries, changes)
    await end.each(changes.ended)
    await begin.each(changes.begun)
    await keep_place.each(changes.kept)
    return Counter(it.environment for it in changes.begun) - Counter(it.environment for it in changes.deleted)


async def _follow(
    environment: str, place: str, position: str, state: State, said: list[Entry], changes: Changes
) -> None:
    """Adds to `changes` what `said` means for a place that stands at `position` in `state`."""
    turns, new = list[Turn](), in_order(said)
    first = min(it.position for it in said)
    if state.running and state.running.seen:  # an event may say it now
        first = min(first, position_at(state.running.since))
    if first < position or any(it.seen_at is not None for it in said):  # or an event said it before
        turns, new = await _rewind(environment, place, first, changes)
        state = turns[0].state if turns else NOTHING
    more, after = follow(state, new)
    if more and state.running is not None and not turns:
        by = more[0]
        basis = weaker(state.running.basis, by.basis)
        changes.ended.append(EndedArrival(environment, place, by.at, basis, by.cause))
    changes.begun.extend(_row(environment, place, arrival) for arrival in arrivals([*turns, *more]))
    last = max(position, *(it.position for it in said))
    changes.kept.append(KeptPlace(environment, place, last, encode(after)))


async def _rewind(environment: str, place: str, position: str, changes: Changes) -> tuple[list[Turn], list[Entry]]:
    """Forgets the last arrival that an event began before `position`, and all later ones; gives its turn, if there is
    one, and everything that was said of the place since then."""
    begun = await _begun_before(environment, place, position)
    while begun and begun[0].state.running and begun[0].state.running.seen:
        begun = await _begun_before(environment, place, begun[0].position)
    since = begun[0].position if begun else ""
    changes.deleted.extend(await forget_from(PlacePosition(environment, place, since)))
    events = await events_since(PlaceSince(environment, place, begun[0].at if begun else 0))
    said = (event_entry(*event) or fact_entry(*event) for event in events)
    return begun, [it for it in in_order(it for it in said if it is not None) if it.position > since]


async def _begun_before(environment: str, place: str, position: str) -> list[Turn]:
    """The turn of the last arrival that began before `position`, if there is one."""
    return [
        Turn(it.position, running.since, "", running.basis, state)
        for it in await last_before(PlacePosition(environment, place, position))
        if (running := (state := _decode(it.state)).running)
    ]


def _row(environment: str, place: str, arrival: timeline.Arrival) -> NewArrival:
    running = arrival.running
    return NewArrival(
        environment,
        place,
        arrival.began.position,
        encode(arrival.began.state),
        running.service or name_in(place),
        None if running.service else running.chart,
        running.version,
        running.oci_digest,
        running.since,
        arrival.until,
        arrival.basis,
        arrival.ended_by,
    )


def encode(state: State) -> str:
    return msgspec.json.encode(state).decode()
