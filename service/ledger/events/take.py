"""Takes what Flux says: keeps the signed bytes, and in the same transaction what follows from them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import msgspec

from ...database.group_commit import Together
from ...database.query import compiled
from ...database.tables import Event
from ...domain.timeline import event_entry
from .projection import Batch, project

insert = compiled(
    lambda environment, sha256, body, now, place, at: (
        Event.insert(Event(environment=environment, sha256=sha256, body=body, received_at=now, place=place, at=at))
        .on_conflict(target=(Event.environment, Event.sha256), action="DO NOTHING")
        .returning(Event.id, Event.environment, Event.sha256)
    )
)
first = compiled(
    lambda environment, sha256: Event.select(Event.id, Event.received_at, Event.environment, Event.sha256).where(
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
    """`arrived`: how many arrivals it made known, itself or with the others that were taken together with it."""

    receipt: EventReceipt
    new: bool
    arrived: int = 0


async def _take_all(bodies: Sequence[Signed]) -> list[Taken]:
    """In one order whoever takes, so that two replicas never wait for each other's rows."""
    keys = [(it.environment, hashlib.sha256(it.body).hexdigest()) for it in bodies]
    came = dict(reversed([*zip(keys, bodies, strict=True)]))  # the first of each
    entries = {key: event_entry(came[key].body, key[1], came[key].now) for key in sorted(came)}
    rows = [
        (*key, came[key].body, came[key].now, *((entry.place, entry.at) if entry else (None, None)))
        for key, entry in entries.items()
    ]
    new = {(environment, sha256): number for number, environment, sha256 in await insert.each(rows)}
    receipts = {key: EventReceipt(number, key[0], came[key].now, key[1]) for key, number in new.items()}
    for number, received_at, *key in await first.each([key for key in entries if key not in new]):
        receipts[*key] = EventReceipt(number, key[0], received_at, key[1])
    said = dict[str, Batch]()
    for environment, some in groupby(sorted(new), key=itemgetter(0)):
        received_at = max(it.now for it in bodies if it.environment == environment)
        said[environment] = Batch([entries[key] for key in some], received_at)
    arrived = await project(said)
    return [
        Taken(receipts[key], True, arrived.pop(key[0], 0))
        if key in new and came[key] is it
        else Taken(receipts[key], False)
        for key, it in zip(keys, bodies, strict=True)
    ]


take = Together(_take_all)
