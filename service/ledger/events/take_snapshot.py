"""Takes what an observer saw: the facts that are new are kept like events, and what follows from them with them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ...database.group_commit import Together
from ...database.query import compiled
from ...database.tables import Place
from ...domain.snapshot import Fact, entry_of, facts, parse
from ...domain.timeline import Entry, State
from .projection import Batch, project
from .take import EventReceipt, Signed, Taken, first, insert

_decode = msgspec.json.Decoder(State).decode
_places = compiled(lambda environment: Place.select(Place.place, Place.state).where(Place.environment == environment))


async def _take_all(snapshots: Sequence[Signed]) -> list[Taken]:
    """One after the other, each on what the one before left; in one order, so that two replicas never wait for each
    other's rows."""
    results: dict[int, Taken] = {}
    for number in sorted(range(len(snapshots)), key=lambda number: snapshots[number].environment):
        results[number] = await _take(snapshots[number])
    return [results[number] for number in range(len(snapshots))]


take = Together(_take_all)


async def _take(it: Signed) -> Taken:
    """Of the snapshot itself its hash is kept: the next one, minutes later, tells nearly the same."""
    sha256 = hashlib.sha256(it.body).hexdigest()
    rows = await insert(it.environment, sha256, b"", it.now, None, None)
    if not rows:
        [(id, received_at, *_)] = await first(it.environment, sha256)
        return Taken(EventReceipt(id, it.environment, received_at, sha256), False)
    entries: list[Entry | None] = [None]  # the snapshot itself counts, as an event does
    if snapshot := parse(it.body):
        running = [place for place, text in await _places(it.environment) if _decode(text).running]
        for fact in sorted(facts(snapshot, running, it.now), key=lambda fact: fact.place):
            entries += await _keep(it.environment, fact, it.now)
    arrived = await project({it.environment: Batch(entries, it.now)})
    return Taken(EventReceipt(rows[0][0], it.environment, it.now, sha256), True, arrived[it.environment])


async def _keep(environment: str, fact: Fact, now: datetime) -> list[Entry]:
    """The fact's entry, if nobody saw it before."""
    body = msgspec.json.encode(fact)
    sha256 = hashlib.sha256(body).hexdigest()
    if not await insert(environment, sha256, body, now, fact.place, fact.at):
        return []
    return [entry_of(fact, sha256, now)]
