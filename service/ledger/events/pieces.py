"""Events in pieces that memory has room for, by their ids."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Event

EVENTS, BYTES = 5_000, 16 * 1024 * 1024  # of a piece, at most, but for one body


class IdsAfter(NamedTuple):
    id: int
    limit: int


class EventSize(NamedTuple):
    id: int
    size: int


class EventRange(NamedTuple):
    """Ids, both included."""

    first: int
    last: int


_sizes = query(
    lambda id, limit: Event.raw(
        "SELECT id, length(body) AS size FROM event WHERE id > {} ORDER BY id LIMIT {}", id, limit
    ),
    takes=IdsAfter,
    gives=EventSize,
)


async def pieces() -> AsyncIterator[EventRange]:
    """Of all events, oldest first."""
    last = 0
    while sizes := await _sizes(IdsAfter(last, EVENTS)):
        whole, number = 0, 0
        while number < len(sizes) and (number == 0 or whole + sizes[number].size <= BYTES):
            whole += sizes[number].size
            number += 1
        last = sizes[number - 1].id
        yield EventRange(sizes[0].id, last)
