"""What runs in an environment now, as JSON: a cache for clients that ask every second.

The answer depends on the environment's number of events and on the filed releases, so one point read says whether the
cached one still holds. Measured with 20 places on SQLite: 640 -> 330 microseconds a request. PostgreSQL may commit two
transactions in another order than they took their ids, so an answer is cached for a second at most.
"""

import time
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec.json import Encoder

from ...database.query import query
from ...database.tables import Environment
from ..rows import EnvironmentKey
from .state import EnvironmentState, state_of

CACHED_SECONDS = 1.0


class Stamp(NamedTuple):
    """What an environment's answer depends on: `events` counts its events, `release` is the id of the newest one."""

    confirmed_at: datetime
    events: int
    release: int | None


_stamp = query(
    lambda environment: Environment.raw(
        "SELECT confirmed_at, events, (SELECT max(id) FROM release) AS release FROM environment WHERE environment = {}",
        environment,
    ),
    takes=EnvironmentKey,
    gives=Stamp,
)
_encode = Encoder().encode


class CachedAnswer(NamedTuple):
    """The answer's parts after `last_confirmed_at`, made at a monotonic time."""

    stamp: Stamp
    at: float
    rest: bytes


_made: dict[str, CachedAnswer] = {}  # as many as there are environments


async def answer(environment: str, silent_after: int = 0) -> bytes | None:
    """`state_of` as JSON; None for an environment that never reported."""
    rows = await _stamp(EnvironmentKey(environment))
    if not rows:
        return None
    stamp, now = rows[0], time.monotonic()
    made = _made.get(environment)
    if made is None or made.stamp != stamp or now - made.at > CACHED_SECONDS:
        made = _made[environment] = CachedAnswer(stamp, now, _rest(await state_of(environment, silent_after)))
    said = _encode(environment), _encode(datetime.now(UTC)), _encode(stamp.confirmed_at)
    return b'{"environment":%b,"at":%b,"last_confirmed_at":%b,%b' % (*said, made.rest)


def _rest(state: EnvironmentState | None) -> bytes:
    assert state is not None  # noqa: S101 - its stamp was just read
    parts = _encode(state.silent_since), _encode(state.unread), _encode(state.services)
    return b'"silent_since":%b,"unread":%b,"services":%b}' % parts
