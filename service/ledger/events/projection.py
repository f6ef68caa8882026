"""Keeps `environment`, `place` and `arrival` as the events say, in the transaction that adds the events.

What is said in order, which is nearly always, continues from the place's state. Something said late continues
from the last arrival before it, and what followed is derived anew. tests/service/test_stories.py proves that
both give what domain/timeline makes of all events at once.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ...database.query import compiled
from ...database.tables import Arrival, Environment, Event, Place
from ...domain import timeline
from ...domain.snapshot import fact_entry
from ...domain.timeline import NOTHING, Entry, State, Turn, arrivals, event_entry, follow, in_order, position_at, weaker
from ..match import name_in

_decode = msgspec.json.Decoder(State).decode

_confirm = compiled(
    lambda environment, events, now: Environment.raw(
        "INSERT INTO environment (environment, events, confirmed_at) VALUES ({}, {}, {})"
        " ON CONFLICT (environment) DO UPDATE SET events = environment.events + excluded.events, confirmed_at ="
        " CASE WHEN excluded.confirmed_at > environment.confirmed_at"
        " THEN excluded.confirmed_at ELSE environment.confirmed_at END",
        environment,
        events,
        now,
    )
)
_place = compiled(
    lambda environment, place: Place.select(Place.environment, Place.place, Place.position, Place.state).where(
        (Place.environment == environment) & (Place.place == place)
    )
)
_keep_place = compiled(
    lambda environment, place, position, state: Place.insert(
        Place(environment=environment, place=place, position=position, state=state)
    ).on_conflict(
        target=(Place.environment, Place.place),
        action="DO UPDATE",
        values=[Place.position, Place.state],
    )
)
_begin = compiled(
    lambda environment, place, position, state, service, chart, version, digest, since, until, basis, by: (
        Arrival.insert(
            Arrival(
                environment=environment,
                place=place,
                position=position,
                state=state,
                service=service,
                chart=chart,
                version=version,
                chart_digest=digest,
                started_at=since,
                ended_at=until,
                basis=basis,
                ended_by=by,
            )
        )
    )
)
_end = compiled(
    lambda environment, place, until, basis, by: Arrival.update(
        {Arrival.ended_at: until, Arrival.basis: basis, Arrival.ended_by: by}
    ).where((Arrival.environment == environment) & (Arrival.place == place) & Arrival.ended_at.is_null())
)
last_before = compiled(
    lambda environment, place, position: (
        Arrival.select(Arrival.position, Arrival.state)
        .where((Arrival.environment == environment) & (Arrival.place == place) & (Arrival.position < position))
        .order_by(Arrival.position, ascending=False)
        .limit(1)
    )
)
_forget_from = compiled(
    lambda environment, place, position: (
        Arrival.delete()
        .where((Arrival.environment == environment) & (Arrival.place == place) & (Arrival.position >= position))
        .returning(Arrival.environment)
    )
)
_events_since = compiled(
    lambda environment, place, at: Event.select(Event.body, Event.sha256, Event.received_at).where(
        (Event.environment == environment) & (Event.place == place) & (Event.at >= at)
    )
)


class Changes(NamedTuple):
    """The values of `_end`, `_begin` and `_keep_place`, gathered from several places and run together; and the arrivals
    that were forgotten, to be derived anew."""

    ended: list[tuple[Any, ...]]
    begun: list[tuple[Any, ...]]
    kept: list[tuple[Any, ...]]
    forgotten: list[tuple[Any, ...]]


class Batch(NamedTuple):
    """What was just said in an environment, as `heard`, and when the newest of it was received."""

    entries: list[Entry | None]
    received_at: datetime


async def project(said: Mapping[str, Batch]) -> Counter[str]:
    """Takes note of events just added, by environment, inside their transaction. Returns how many arrivals are known
    more than before, by environment.

    It locks the environments' rows, in the order of their names.
    """
    await _confirm.each([(name, len(it.entries), it.received_at) for name, it in sorted(said.items())])
    by_place = defaultdict(list)
    for name, it in said.items():
        for entry in it.entries:
            if entry is not None:
                by_place[name, entry.place].append(entry)
    found = await _place.each(list(by_place))
    standing = {(name, place): (position, text) for name, place, position, text in found}
    changes = Changes([], [], [], [])
    for (name, place), entries in by_place.items():
        position, text = standing.get((name, place), ("", None))
        state = _decode(text) if text else NOTHING
        await _follow(name, place, position, state, entries, changes)
    await _end.each(changes.ended)
    await _begin.each(changes.begun)
    await _keep_place.each(changes.kept)
    return Counter(row[0] for row in changes.begun) - Counter(row[0] for row in changes.forgotten)


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
        changes.ended.append((environment, place, by.at, basis, by.cause))
    changes.begun.extend(_row(environment, place, arrival) for arrival in arrivals([*turns, *more]))
    last = max(position, *(it.position for it in said))
    changes.kept.append((environment, place, last, encode(after)))


async def _rewind(environment: str, place: str, position: str, changes: Changes) -> tuple[list[Turn], list[Entry]]:
    """Forgets the last arrival that an event began before `position`, and all later ones; gives its turn, if there is
    one, and everything that was said of the place since then."""
    begun = await _begun_before(environment, place, position)
    while begun and begun[0].state.running and begun[0].state.running.seen:
        begun = await _begun_before(environment, place, begun[0].position)
    since = begun[0].position if begun else ""
    changes.forgotten.extend(await _forget_from(environment, place, since))
    events = await _events_since(environment, place, begun[0].at if begun else 0)
    said = (event_entry(*event) or fact_entry(*event) for event in events)
    return begun, [it for it in in_order(it for it in said if it is not None) if it.position > since]


async def _begun_before(environment: str, place: str, position: str) -> list[Turn]:
    """The turn of the last arrival that began before `position`, if there is one."""
    return [
        Turn(found, running.since, "", running.basis, state)
        for found, text in await last_before(environment, place, position)
        if (running := (state := _decode(text)).running)
    ]


def _row(environment: str, place: str, arrival: timeline.Arrival) -> tuple[Any, ...]:
    running = arrival.running
    return (
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
