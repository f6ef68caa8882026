"""Takes what Flux says: keeps the signed bytes, and in the same transaction what follows from them."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ..database.compiled import compiled
from ..database.tables import Event
from ..database.together import Together
from ..domain.timeline import Entry, heard
from .arrivals import keep_up

insert = compiled(
    lambda environment, sha256, body, now, place, at: (
        Event.insert(Event(environment=environment, sha256=sha256, body=body, received_at=now, place=place, at=at))
        .on_conflict(target=(Event.environment, Event.sha256), action="DO NOTHING")
        .returning(Event.id)
    )
)
first = compiled(
    lambda environment, sha256: Event.select(Event.id, Event.received_at).where(
        (Event.environment == environment) & (Event.sha256 == sha256)
    )
)


class Signed(msgspec.Struct, frozen=True):
    """A body whose signature was right, received at `now`."""

    environment: str
    body: bytes
    now: datetime


class EventReceipt(msgspec.Struct, frozen=True):
    """Of the first time that this body came. `sha256` is the body's."""

    id: int
    environment: str
    received_at: datetime
    sha256: str


class Taken(msgspec.Struct, frozen=True):
    receipt: EventReceipt
    new: bool


async def _take_all(bodies: Sequence[Signed]) -> list[Taken]:
    """In one order whoever takes, so that two replicas never wait for each other's rows."""
    results: dict[int, Taken] = {}
    said: dict[str, list[Entry | None]] = defaultdict(list)
    hashes = [hashlib.sha256(it.body).hexdigest() for it in bodies]
    for number in sorted(range(len(bodies)), key=lambda number: (bodies[number].environment, hashes[number])):
        it, sha256 = bodies[number], hashes[number]
        entry = heard(it.body, sha256, it.now)
        place, at = (entry.place, entry.at) if entry else (None, None)
        rows = await insert(it.environment, sha256, it.body, it.now, place, at)
        if rows:
            said[it.environment].append(entry)
        [(id, received_at)] = [(rows[0][0], it.now)] if rows else await first(it.environment, sha256)
        results[number] = Taken(EventReceipt(id, it.environment, received_at, sha256), bool(rows))
    for environment, entries in said.items():
        await keep_up(environment, entries, max(it.now for it in bodies if it.environment == environment))
    return [results[number] for number in range(len(bodies))]


take = Together(_take_all)
