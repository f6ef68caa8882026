"""Takes Flux's events: keeps the signed bytes and, in the same transaction, derives what follows from them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from ...database.group_commit import written
from ...database.query import query
from ...database.tables import Event
from ...domain.delivery import delivery_in
from ...domain.event import REFUSED, TOO_LATE, Cause
from ...domain.reasons import event_entry
from ...domain.state import Entry
from .. import deliveries
from . import silence, unread
from .news import News
from .projection import Batch, project


class NewEvent(NamedTuple):
    """The columns of `event`."""

    environment: str
    sha256: str
    body: bytes
    received_at: datetime
    place: str | None
    at: int | None


class EventKey(NamedTuple):
    environment: str
    sha256: str


class EventId(NamedTuple):
    id: int
    environment: str
    sha256: str


class KeptEvent(NamedTuple):
    id: int
    environment: str
    received_at: datetime
    sha256: str


insert = query(
    lambda **columns: (
        Event.insert(Event(**columns))
        .on_conflict(target=(Event.environment, Event.sha256), action="DO NOTHING")
        .returning(Event.id, Event.environment, Event.sha256)
    ),
    takes=NewEvent,
    gives=EventId,
)
first = query(
    lambda environment, sha256: Event.select(Event.id, Event.environment, Event.received_at, Event.sha256).where(
        (Event.environment == environment) & (Event.sha256 == sha256)
    ),
    takes=EventKey,
    gives=KeptEvent,
)


NO_NEWS = News()
ANY_NUMBER = 2**31


class Signed(msgspec.Struct, frozen=True):
    """A body whose signature was right, received at `now`. `most_places`: that its environment may have;
    `silent_after`: as the setting, in seconds."""

    environment: str
    body: bytes
    now: datetime
    most_places: int = ANY_NUMBER
    silent_after: int = 0


class EventReceipt(msgspec.Struct, frozen=True):
    """Of the first time that this body came. `sha256` is the body's."""

    id: int
    environment: str
    received_at: datetime
    sha256: str


class Taken(msgspec.Struct, frozen=True):
    """`new`: the body came for the first time. `news`: what became known with it. `cause`: why it has no effect; where
    it is one of REFUSED it was not kept.

    Of several bodies of one environment that were taken together, the first has the news of all.
    """

    receipt: EventReceipt
    new: bool
    news: News = NO_NEWS
    cause: Cause | None = None


async def take(body: Signed) -> Taken:
    return await written(_take_all, body)


async def _take_all(bodies: Sequence[Signed]) -> list[Taken]:
    """In the order of their keys, so that two replicas never wait for each other's rows (deadlock)."""
    keys = [EventKey(it.environment, hashlib.sha256(it.body).hexdigest()) for it in bodies]
    came = dict(reversed([*zip(keys, bodies, strict=True)]))  # of equal bodies the first
    read = {key: event_entry(came[key].body, key.sha256, came[key].now) for key in sorted(came)}
    entries = {key: it for key, it in read.items() if it not in REFUSED}
    rows = [
        NewEvent(*key, came[key].body, came[key].now, *((it.place, it.at) if isinstance(it, Entry) else (None, None)))
        for key, it in entries.items()
    ]
    new = {EventKey(it.environment, it.sha256): it.id for it in await insert.each(rows)}
    receipts = {key: EventReceipt(id, key.environment, came[key].now, key.sha256) for key, id in new.items()}
    for it in await first.each([key for key in entries if key not in new]):
        receipts[EventKey(it.environment, it.sha256)] = EventReceipt(*it)
    batches = dict[str, Batch]()
    for environment, some in groupby(sorted(new), key=attrgetter("environment")):
        received_at, most_places = max((it.now, it.most_places) for it in bodies if it.environment == environment)
        counted = [said if isinstance(said := entries[key], Entry) else None for key in some]
        batches[environment] = Batch(counted, received_at, most_places)
    if silent_after := max(it.silent_after for it in bodies):
        for environment, batch in batches.items():
            await silence.end_of_flux(environment, batch.received_at, silent_after)
    news = await project(batches)
    told = {key: each for key in sorted(new) if (each := delivery_in(came[key].body, came[key].now))}
    await deliveries.add([(*key, each) for key, each in told.items()])
    for name, batch in batches.items():  # after it, while the environments are locked
        unheard = [key for key in new if key.environment == name and key not in told]
        causes = [said for key in unheard if isinstance(said := entries[key], Cause)]
        causes += [TOO_LATE] * news[name].left_out
        await unread.add(name, causes, batch.received_at)
    taken = list[Taken]()
    for key, body in zip(keys, bodies, strict=True):
        cause = said if key not in told and isinstance(said := read[key], Cause) else None
        if key not in receipts:
            taken.append(Taken(EventReceipt(0, key.environment, body.now, key.sha256), False, cause=cause))
        elif key in new and came[key] is body:
            taken.append(Taken(receipts[key], True, news.pop(key.environment, NO_NEWS), cause))
        else:
            taken.append(Taken(receipts[key], False, cause=cause))
    return taken
