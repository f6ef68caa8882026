"""Silence: an environment of which nothing is heard, so that what is known of it may not be so any more.

With an observer it is silent when three of its rounds were missed. Without one Flux says nothing while nothing changes,
so that is judged only where `SILENT_AFTER` says after how many seconds. The silence that lasts is worked out when it is
asked for; one that has ended is told by the history.
"""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from ...database.query import query
from ...database.tables import Environment, History
from ...domain.event import EPOCH, SECOND
from ...domain.state import position, position_at
from ..rows import EnvironmentKey
from .statements import HistoryColumns, tell

ROUNDS = 3  # that an observer may miss before its environment is silent


class Heard(Protocol):
    """When an environment was heard of, in all and by its observer, and how often the latter looks: a row that says
    so."""

    @property
    def confirmed_at(self) -> datetime: ...
    @property
    def observed_at(self) -> datetime | None: ...
    @property
    def round_seconds(self) -> int | None: ...


class Hearing(NamedTuple):
    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None


class SilenceThen(NamedTuple):
    """`position` sorts after what began until then."""

    environment: str
    position: str


class PastSilence(NamedTuple):
    """`heard`: the position of its end."""

    at: int
    heard: str | None


# It locks the environment, so that two replicas do not tell the same silence.
_hearing = query(
    lambda environment: Environment.raw(
        "UPDATE environment SET events = events WHERE environment = {}"
        " RETURNING confirmed_at, observed_at, round_seconds",
        environment,
    ),
    takes=EnvironmentKey,
    gives=Hearing,
)


_heard = query(
    lambda environment: Environment.select(
        Environment.confirmed_at, Environment.observed_at, Environment.round_seconds
    ).where(Environment.environment == environment),
    takes=EnvironmentKey,
    gives=Hearing,
)
_then = query(
    lambda environment, position: History.raw(
        "SELECT s.at, (SELECT min(h.position) FROM history h WHERE h.environment = s.environment AND h.kind = 'heard'"
        " AND h.position > s.position) AS heard FROM history s"
        " WHERE s.environment = {} AND s.kind = 'silent' AND s.position < {} ORDER BY s.position DESC LIMIT 1",
        environment,
        position,
    ),
    takes=SilenceThen,
    gives=PastSilence,
)


def silent_since(it: Heard, now: datetime, silent_after: int = 0) -> datetime | None:
    """`silent_after`: in seconds; 0: not judged without an observer. None: it is not silent."""
    if it.observed_at is not None:
        heard, seconds = it.observed_at, ROUNDS * (it.round_seconds or 0)
    else:
        heard, seconds = it.confirmed_at, silent_after
    return heard if seconds and now - heard > timedelta(seconds=seconds) else None


async def silent_at(environment: str, second: int, now: datetime, silent_after: int) -> datetime | None:
    """Since when nothing had been heard at that time, if that lasted so long that it counted as silent, or does now."""
    for it in await _then(SilenceThen(environment, position_at(second + 1))):
        if it.heard is None or it.heard >= position_at(second + 1):
            return EPOCH + it.at * SECOND
    for hearing in await _heard(EnvironmentKey(environment)):
        since = silent_since(hearing, now, silent_after)
        if since is not None and since <= EPOCH + second * SECOND:
            return since
    return None


async def end_of_observer(environment: str, now: datetime) -> None:
    """Tells the silence that a snapshot ends `now`; inside its transaction, before it counts as heard."""
    for it in await _hearing.each([EnvironmentKey(environment)]):
        if it.observed_at is not None:
            await _tell(environment, silent_since(it, now), now)


async def end_of_flux(environment: str, now: datetime, silent_after: int) -> None:
    """Tells the silence that events end `now`, where there is no observer."""
    for it in await _hearing.each([EnvironmentKey(environment)]):
        if it.observed_at is None:
            await _tell(environment, silent_since(it, now, silent_after), now)


async def _tell(environment: str, since: datetime | None, now: datetime) -> None:
    if since is not None:
        await tell.each([row(environment, "silent", since), row(environment, "heard", now)])


def row(environment: str, kind: str, at: datetime) -> HistoryColumns:
    second = (at - EPOCH) // SECOND
    own = hashlib.sha256(f"{kind} {environment} {second}".encode()).hexdigest()
    return HistoryColumns(environment, None, position(second, "", 0, 0, own), kind, second, "silence")
