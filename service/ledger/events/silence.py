"""Silence: an environment of which nothing is heard, so that what is known of it may not be so any more.

With an observer it is silent when three of its rounds were missed, and a range of names when that many of its own were,
while others came. Without one Flux says nothing while nothing changes, so that is judged only where `SILENT_AFTER` says
after how many seconds. The silence that lasts is worked out when it is asked for; one that has ended is told by the
history.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from ...database.query import query
from ...database.tables import Environment, History, Listing
from ...domain.event import EPOCH, SECOND
from ...domain.snapshot import NameRange
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


class ReadRange(NamedTuple):
    """A range of names of a namespace, and when it was last read completely, in seconds since 1970."""

    namespace: str
    begins: str
    ends: str
    at: int


class HearingInRange(NamedTuple):
    """A Hearing with a ReadRange; without one `at` is null, and so are its names."""

    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None
    namespace: str
    begins: str
    ends: str
    at: int | None


class Silence(NamedTuple):
    """Of an environment now. `whole`: since when it is silent. Those of `ranges` that were last read before
    `missed_before` are, too; empty: none is."""

    whole: datetime | None
    ranges: Mapping[str, Sequence[ReadRange]] = {}
    missed_before: int = 0

    def since(self, place: str) -> datetime | None:
        """Since when nothing was heard that would tell how a place stands; None: it is not silent."""
        if self.whole is not None or not self.ranges:
            return self.whole
        namespace, _, name = place.partition("/")
        several = self.ranges.get(namespace, ())
        read = [it.at for it in several if NameRange(namespace, it.begins, it.ends).holds(namespace, name)]
        at = max(read, default=self.missed_before)
        return EPOCH + at * SECOND if at < self.missed_before else None


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


_ranges = query(
    lambda environment: Listing.select(Listing.namespace, Listing.begins, Listing.ends, Listing.at).where(
        Listing.environment == environment
    ),
    takes=EnvironmentKey,
    gives=ReadRange,
)
_heard_in_ranges = query(
    lambda environment: Environment.raw(
        "SELECT e.confirmed_at, e.observed_at, e.round_seconds, l.namespace, l.begins, l.ends, l.at FROM environment e"
        " LEFT JOIN listing l ON l.environment = e.environment AND e.observed_at IS NOT NULL WHERE e.environment = {}",
        environment,
    ),
    takes=EnvironmentKey,
    gives=HearingInRange,
)


async def silence_of(environment: str, it: Heard, now: datetime, silent_after: int) -> Silence:
    ranges = await _ranges(EnvironmentKey(environment)) if it.observed_at else []
    return silence(it, ranges, now, silent_after)


async def silences(environments: Iterable[str], silent_after: int) -> dict[str, Silence]:
    """By environment, of those that have reported."""
    now, names = datetime.now(UTC), [*environments]
    rows = await asyncio.gather(*(_heard_in_ranges(EnvironmentKey(name)) for name in names))
    return {name: silence(it[0], _read(it), now, silent_after) for name, it in zip(names, rows, strict=True) if it}


def _read(several: Iterable[HearingInRange]) -> list[ReadRange]:
    return [ReadRange(it.namespace, it.begins, it.ends, it.at) for it in several if it.at is not None]


def silence(it: Heard, ranges: Sequence[ReadRange], now: datetime, silent_after: int) -> Silence:
    """When ranges were read is told by the observer's clock, so they are compared with each other."""
    whole = silent_since(it, now, silent_after)
    missed_before = max((each.at for each in ranges), default=0) - ROUNDS * (it.round_seconds or 0)
    if whole is not None or not it.round_seconds or all(each.at >= missed_before for each in ranges):
        return Silence(whole)
    by_namespace = defaultdict[str, list[ReadRange]](list)
    for each in ranges:
        by_namespace[each.namespace].append(each)
    return Silence(None, by_namespace, missed_before)


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
