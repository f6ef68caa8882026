"""What runs now, as JSON, for those who ask every second: made once after each change.

What an environment's answer depends on is its count of events and the releases that are filed, so one point read
tells whether the last answer still holds. Measured with 20 places on SQLite: 640 -> 330 microseconds a request.

Two PostgreSQL transactions may commit in another order than they took their ids, so an answer is trusted for a second
at most.
"""

import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec.json import Encoder

from ...database.query import compiled
from ...database.tables import Environment
from .state import state_of

TRUSTED_SECONDS = 1.0

_stamp = compiled(
    lambda environment: Environment.raw(
        "SELECT confirmed_at, events, (SELECT max(id) FROM release) FROM environment WHERE environment = {}",
        environment,
    )
)
_encode = Encoder().encode


class CachedAnswer(NamedTuple):
    """The answer's part `services`, made at a monotonic time from what `stamp` stands for."""

    stamp: tuple[Any, ...]
    at: float
    services: bytes


_made: dict[str, CachedAnswer] = {}  # as many as there are environments


async def answer(environment: str) -> bytes | None:
    """`state_of` as JSON; None for an environment that never reported."""
    rows = await _stamp(environment)
    if not rows:
        return None
    stamp, now = tuple(rows[0]), time.monotonic()
    made = _made.get(environment)
    if made is None or made.stamp != stamp or now - made.at > TRUSTED_SECONDS:
        state = await state_of(environment)
        made = _made[environment] = CachedAnswer(stamp, now, _encode(state.services if state else []))
    said = _encode(environment), _encode(datetime.now(UTC)), _encode(stamp[0])
    return b'{"environment":%b,"at":%b,"last_confirmed_at":%b,"services":%b}' % (*said, made.services)
