"""Bodies that had no effect, counted by the cause: so that what is wired wrongly is seen, not taken in silence."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from ...database.group_commit import written
from ...database.query import query
from ...database.tables import Unread
from ...domain.event import Cause
from ..rows import EnvironmentKey


class CauseRow(NamedTuple):
    cause: str
    bodies: int
    last_at: datetime


class MoreUnread(NamedTuple):
    environment: str
    cause: str
    bodies: int
    last_at: datetime


class CountedBefore(NamedTuple):
    """All that have this cause, of which the newest came `before`."""

    cause: str
    before: datetime


class UnreadBodies(Struct, frozen=True):
    """`cause`: a short phrase; `last_at`: when the newest of them came."""

    cause: str
    bodies: int
    last_at: datetime


_add = query(
    lambda environment, cause, bodies, last_at: Unread.raw(
        "INSERT INTO unread (environment, cause, bodies, last_at) VALUES ({}, {}, {}, {})"
        " ON CONFLICT (environment, cause) DO UPDATE SET bodies = unread.bodies + excluded.bodies,"
        " last_at = excluded.last_at",
        environment,
        cause,
        bodies,
        last_at,
    ),
    takes=MoreUnread,
    gives=None,
)
_of = query(
    lambda environment: (
        Unread.select(Unread.cause, Unread.bodies, Unread.last_at)
        .where(Unread.environment == environment)
        .order_by(Unread.cause)
    ),
    takes=EnvironmentKey,
    gives=CauseRow,
)


_clear = query(
    lambda cause, before: Unread.delete().where((Unread.cause == cause) & (Unread.last_at < before)),
    takes=CountedBefore,
    gives=None,
)


async def unread_of(environment: str) -> list[UnreadBodies]:
    return [UnreadBodies(*it) for it in await _of(EnvironmentKey(environment))]


async def add(environment: str, causes: Iterable[Cause], now: datetime) -> None:
    """Inside a transaction."""
    await _add.each([MoreUnread(environment, str(it), bodies, now) for it, bodies in sorted(Counter(causes).items())])


async def clear(cause: Cause, before: datetime) -> None:
    """Those of every environment in which none came later. Inside a transaction."""
    await _clear.each([CountedBefore(str(cause), before)])


async def count(environment: str, cause: Cause, now: datetime) -> None:
    """A body that was refused."""
    await written(_count_all, MoreUnread(environment, str(cause), 1, now))


async def _count_all(several: Sequence[MoreUnread]) -> list[None]:
    await _add.each(sorted(several))
    return [None] * len(several)
