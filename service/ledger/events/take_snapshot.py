"""Takes an observer's snapshots: keeps the facts that are new, like events, and derives what follows from them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ...database.group_commit import written
from ...domain.snapshot import Fact, entry_of, facts, parse
from ...domain.state import Entry, State
from ..rows import EnvironmentKey
from .projection import Batch, project
from .statements import places
from .take import EventKey, EventReceipt, NewEvent, Signed, Taken, first, insert

_decode = msgspec.json.Decoder(State).decode


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
    sha256 = hashlib.sha256(it.body).hexdigest()
    inserted = await insert(NewEvent(it.environment, sha256, b"", it.now, None, None))
    if not inserted:
        [kept] = await first(EventKey(it.environment, sha256))
        return Taken(EventReceipt(*kept), False)
    entries: list[Entry | None] = [None]  # the snapshot itself counts, as an event does
    if snapshot := parse(it.body):
        running = [row.place for row in await places(EnvironmentKey(it.environment)) if _decode(row.state).running]
        for fact in sorted(facts(snapshot, running, it.now), key=lambda fact: fact.place):
            entries += await _keep(it.environment, fact, it.now)
    news = await project({it.environment: Batch(entries, it.now, it.most_places)})
    return Taken(EventReceipt(inserted[0].id, it.environment, it.now, sha256), True, news[it.environment])


async def _keep(environment: str, fact: Fact, now: datetime) -> list[Entry]:
    """The fact's entry, if the fact is new."""
    body = msgspec.json.encode(fact)
    sha256 = hashlib.sha256(body).hexdigest()
    if not await insert(NewEvent(environment, sha256, body, now, fact.place, fact.at)):
        return []
    return [entry_of(fact, sha256, now)]
