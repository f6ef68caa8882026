"""Fills a ledger with a sample through its own verbs, each at the moment at which it would have come."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from service.database.lifespan import opened
from service.domain.identity import sha256
from service.domain.parse import parse
from service.ledger.events import take as events
from service.ledger.events import take_snapshot as snapshots
from service.ledger.events.take import Signed
from service.ledger.releases import file as releases
from service.ledger.releases.file import Filing

from .ending import ending
from .fleet import Fleet
from .story import Step, Teller, half_a_year

TOGETHER = 400


async def fill(url: str, fleet: Fleet, ends: datetime) -> int:
    """Gives the number of its steps. SQLite is migrated, PostgreSQL must be."""
    told = steps(fleet, ends)
    async with opened(url):
        for batch in _batches(told):
            await asyncio.gather(*map(_send, batch))
    return len(told)


def steps(fleet: Fleet, ends: datetime) -> list[Step]:
    """In the order of their times, until `ends`."""
    ends = ends.astimezone(UTC).replace(microsecond=0)
    tellers = {service: Teller(fleet, service, number) for number, service in enumerate(fleet.services)}
    told = [
        step
        for teller in tellers.values()
        if teller.service != "loyalty-migration"
        for step in half_a_year(teller, ends)
    ]
    told += ending(tellers, ends)
    return sorted((it for it in told if it.at <= ends), key=lambda it: it.at)


def _batches(told: Sequence[Step]) -> Iterator[list[Step]]:
    """Of one kind each, since those that wait together are written together: of some that are near in time, first what
    was filed."""
    for start in range(0, len(told), TOGETHER):
        piece = told[start : start + TOGETHER]
        yield [it for it in piece if it.kind == "filing"]
        yield [it for it in piece if it.kind == "event"]
        yield from ([it] for it in piece if it.kind == "snapshot")


async def _send(it: Step) -> None:
    if it.kind == "filing":
        document, text = parse(msgspec.json.encode(it.body))
        await releases.file(Filing(document, text, sha256(document), it.at))
        return
    assert isinstance(it.body, bytes)  # noqa: S101 - only a filing is a document
    take = events.take if it.kind == "event" else snapshots.take
    await take(Signed(it.environment, it.body, it.at, silent_after=it.silent_after))
