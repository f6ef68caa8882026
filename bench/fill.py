"""Fills a ledger through its own verbs: `python -m bench.fill DATABASE_URL RELEASES EVENTS`."""

import asyncio
import sys
from datetime import timedelta

import msgspec

from service.database.lifespan import opened
from service.domain.identity import sha256
from service.domain.parse import parse
from service.ledger.events import take as events
from service.ledger.events.take import Signed
from service.ledger.releases import file as releases
from service.ledger.releases.file import Filing

from . import data

TOGETHER = 500


async def fill(url: str, filed: int, said: int) -> None:
    async with opened(url):
        for start in range(0, filed, TOGETHER):
            numbers = range(start, min(start + TOGETHER, filed))
            await asyncio.gather(*(releases.file(filing(number)) for number in numbers))
        for start in range(0, said, TOGETHER):
            numbers = range(start, min(start + TOGETHER, said))
            await asyncio.gather(*(events.take(signed(number)) for number in numbers))


def filing(number: int) -> Filing:
    name, version = data.service(number), data.version(number)
    document, text = parse(msgspec.json.encode(data.waybill(name, version)))
    return Filing(document, text, sha256(document), data.BEGAN + timedelta(seconds=number))


def signed(number: int) -> Signed:
    environment, body = data.event(number)
    return Signed(environment, body, data.BEGAN + timedelta(seconds=number))


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
