"""Silence: an environment of which nothing is heard, so that what is known of it may not be so any more.

With an observer it is silent when three of its rounds were missed, and a range of names when that many of its own were,
since several observers may look at one environment. Without one Flux says nothing while nothing changes, so that is
judged only where `SILENT_AFTER` says after how many seconds. The silence that lasts is worked out when it is asked for;
one that has ended is told by the history.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from ...database.query import query
from ...database.tables import Environment, History
from ...domain.event import EPOCH, SECOND, seconds_of
from ...domain.name_range import NameRange
from ...domain.place import standing_in
from ...domain.state import position, position_at
from ..match import moment
from ..rows import EnvironmentKey
from .ranges import FIELDS, JOINED, ROUNDS, Parts, ReadRange, missed, missed_in_clusters, overlapping, ranges_of
from .statements import Detail, HistoryColumns, detail_in, detail_text, tell


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


class PastRange(NamedTuple):
    """The silence of a range, which `detail` names."""

    at: int
    detail: str | None


class HearingInRange(NamedTuple):
    """A Hearing with a ReadRange; without one `heard` is null, and so are its names."""

    confirmed_at: datetime
    observed_at: datetime | None
    hearing_round: int | None
    cluster: str
    namespace: str
    begins: str
    ends: str
    heard: int | None
    round_seconds: int


class Silence(NamedTuple):
    """Of an environment. `whole`: since when it is silent; `parts` are silent by themselves, by cluster; "": where no
    cluster is heard. `of_all`: there is one for each cluster."""

    whole: datetime | None
    parts: Mapping[str, Parts] = {}
    of_all: bool = True

    def since(self, place: str, state: str) -> datetime | None:
        """Since when nothing was heard that would tell how a place stands, whose Standing is `state`, as JSON; None: it
        is not silent."""
        if self.whole is not None or not self.parts:
            return self.whole
        standing = standing_in(state)
        names = {name for lane in (standing.open if standing else ()) for name in lane.clusters}
        clusters = names & self.parts.keys() or ({""} if self.of_all or not names else set())
        namespace, _, name = place.partition("/")
        own = NameRange(namespace, name, f"{name}-")
        heard = [next((it.heard for it in overlapping(self.parts.get(each, {}), own)), None) for each in clusters]
        return moment(max(filter(None, heard))) if heard and None not in heard else None


EVER = 2**62
MOST = 200  # silences of ranges that are looked at, newest first


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
        " AND h.position > s.position AND h.detail IS NULL) AS heard FROM history s"
        " WHERE s.environment = {} AND s.kind = 'silent' AND s.position < {} AND s.detail IS NULL"
        " ORDER BY s.position DESC LIMIT 1",
        environment,
        position,
    ),
    takes=SilenceThen,
    gives=PastSilence,
)
_ranges_then = query(
    lambda environment, position: History.raw(
        "SELECT at, detail FROM history WHERE environment = {} AND kind = 'silent' AND position < {}"
        f" AND detail IS NOT NULL ORDER BY position DESC LIMIT {MOST}",
        environment,
        position,
    ),
    takes=SilenceThen,
    gives=PastRange,
)
_heard_in_ranges = query(
    lambda environment: Environment.raw(
        f"SELECT e.confirmed_at, e.observed_at, e.round_seconds AS hearing_round, {FIELDS} FROM environment e"
        f" LEFT JOIN {JOINED} AND e.observed_at IS NOT NULL WHERE e.environment = {{}}",
        environment,
    ),
    takes=EnvironmentKey,
    gives=HearingInRange,
)


def silent_since(it: Heard, now: datetime, silent_after: int = 0) -> datetime | None:
    """`silent_after`: in seconds; 0: not judged without an observer. None: it is not silent."""
    if it.observed_at is not None:
        heard, seconds = it.observed_at, ROUNDS * (it.round_seconds or 0)
    else:
        heard, seconds = it.confirmed_at, silent_after
    return heard if seconds and now - heard > timedelta(seconds=seconds) else None


async def silence_of(environment: str, it: Heard, now: datetime, silent_after: int) -> Silence:
    ranges = await ranges_of(environment) if it.observed_at else []
    return _silence(it, ranges, now, silent_after)


async def silences(environments: Iterable[str], silent_after: int) -> dict[str, Silence]:
    """By environment, of those that have reported."""
    now, names, found = datetime.now(UTC), [*environments], dict[str, Silence]()
    rows = await asyncio.gather(*(_heard_in_ranges(EnvironmentKey(name)) for name in names))
    for name, several in zip(names, rows, strict=True):
        if several:
            ranges = [ReadRange(*it[3:7], it.heard, it.round_seconds) for it in several if it.heard is not None]
            found[name] = _silence(Hearing(*several[0][:3]), ranges, now, silent_after)
    return found


def _silence(it: Heard, ranges: Sequence[ReadRange], now: datetime, silent_after: int) -> Silence:
    whole = silent_since(it, now, silent_after)
    return Silence(whole, {} if whole else missed_in_clusters(ranges, seconds_of(now)))


async def ranges_silent_at(environment: str, second: int) -> Silence:
    """Those that were silent at that time, and were heard again since."""
    found = list[ReadRange]()
    for it in await _ranges_then(SilenceThen(environment, position_at(second + 1))):
        detail = detail_in(it.detail)
        if detail.range and (detail.until or 0) > second:
            names = detail.range
            found.append(ReadRange(detail.cluster, names.namespace, names.from_, names.until, it.at, 1))
    return Silence(None, missed_in_clusters(found, EVER), of_all=False)


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


async def lock(environment: str) -> Hearing | None:
    """Nothing else is told of the environment until the transaction has ended. None: it never reported."""
    return next(iter(await _hearing.each([EnvironmentKey(environment)])), None)


async def end_of_observer(
    environment: str, read: Sequence[NameRange], ranges: Sequence[ReadRange], now: datetime
) -> None:
    """Tells the silences that a snapshot which `read` these ranges ends `now`; inside its transaction, before it counts
    as heard. `ranges`: as they were read before."""
    for it in await _hearing.each([EnvironmentKey(environment)]):
        if it.observed_at is None:
            continue
        since = silent_since(it, now)
        await _tell(environment, since, now)
        if since is None:
            await _end_of_ranges(environment, read, missed(ranges, seconds_of(now)), now)


async def _end_of_ranges(environment: str, read: Sequence[NameRange], lost: Parts, now: datetime) -> None:
    second = seconds_of(now)
    found = [part for it in read if not it.is_one_name for part in overlapping(lost, it)]
    past = await _then(SilenceThen(environment, position_at(second + 1))) if found else []
    for part in found:
        if not any(_is_of_whole(it, part, second) for it in past):
            silent = row(environment, "silent", moment(part.heard), part, second)
            await tell.each([silent, row(environment, "heard", now, part)])


def _is_of_whole(it: PastSilence, part: ReadRange, second: int) -> bool:
    """The silence of the whole environment has told it: its observer reads one range after the other."""
    ended = int(it.heard[:12]) if it.heard else second
    return it.at <= part.heard + part.tolerated and second <= ended + part.tolerated


async def silent_ranges(environment: str, now: datetime) -> list[HistoryColumns]:
    """Those that are silent `now`, as the history tells it."""
    ranges = await ranges_of(environment)
    found = list[ReadRange]()
    for cluster in sorted({it.cluster for it in ranges}):
        lost = missed([it for it in ranges if it.cluster == cluster], seconds_of(now))
        found += [it for several in lost.values() for it in several]
    return [row(environment, "silent", moment(it.heard), it) for it in found]


async def end_of_flux(environment: str, now: datetime, silent_after: int) -> None:
    """Tells the silence that events end `now`, where there is no observer."""
    for it in await _hearing.each([EnvironmentKey(environment)]):
        if it.observed_at is None:
            await _tell(environment, silent_since(it, now, silent_after), now)


async def _tell(environment: str, since: datetime | None, now: datetime) -> None:
    if since is not None:
        await tell.each([row(environment, "silent", since), row(environment, "heard", now)])


def row(
    environment: str, kind: str, at: datetime, of: ReadRange | None = None, until: int | None = None
) -> HistoryColumns:
    """`of`: None: of the whole environment; `until`: when a silence ended, in seconds since 1970."""
    second = seconds_of(at)
    own = hashlib.sha256(f"{kind} {environment} {second} {named(of) if of else ''}".encode()).hexdigest()
    found = HistoryColumns(environment, None, position(second, "", 0, 0, own), kind, second, "silence")
    if of is None:
        return found
    detail = Detail(range=of.names, until=until, cluster=of.cluster)
    return found._replace(message=named(of), detail=detail_text(detail))


def named(it: ReadRange) -> str:
    ends = [f"from {it.begins}"] * bool(it.begins) + [f"before {it.ends}"] * bool(it.ends)
    where = f" of cluster {it.cluster}" if it.cluster else ""
    return f"namespace {it.namespace}{where}" + (f", names {' and '.join(ends)}" if ends else "")
