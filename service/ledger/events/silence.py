"""Silence: an environment of which nothing is heard, so that what is known of it may not be so any more.

With an observer it is silent when three of its rounds were missed. Without one Flux says nothing while nothing changes,
so that is judged only where `SILENT_AFTER` says after how many seconds. The silence that lasts is worked out when it is
asked for; one that has ended is told by the history.
"""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Environment
from ...domain.event import EPOCH, SECOND
from ...domain.state import position
from ..rows import EnvironmentKey
from .statements import HistoryColumns, tell

ROUNDS = 3  # that an observer may miss before its environment is silent


class Hearing(NamedTuple):
    """When an environment was heard of, in all and by its observer, and how often the latter looks."""

    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None


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


def silent_since(it: Hearing, now: datetime, silent_after: int = 0) -> datetime | None:
    """`silent_after`: in seconds; 0: not judged without an observer. None: it is not silent."""
    if it.observed_at is not None:
        heard, seconds = it.observed_at, ROUNDS * (it.round_seconds or 0)
    else:
        heard, seconds = it.confirmed_at, silent_after
    return heard if seconds and now - heard > timedelta(seconds=seconds) else None


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
    return HistoryColumns(
        environment=environment,
        place=None,
        position=position(second, "", 0, 0, own),
        after=None,
        kind=kind,
        service=None,
        version=None,
        build=None,
        chart_digest=None,
        at=second,
        source="silence",
        basis=None,
        cause=None,
        message="",
        detail=None,
    )
