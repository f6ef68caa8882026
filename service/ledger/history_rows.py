"""Reads the rows of which the history is made: arrivals, what occurred beside them, and silence that lasts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database import tables
from ..database.query import Query, query
from ..domain.event import EPOCH, SECOND, seconds_of
from ..domain.state import position_at
from .events import silence
from .events.ranges import FIELDS, JOINED, ROUNDS
from .events.statements import HistoryColumns
from .match import RAN, WITH_RELEASE, overridden_in
from .releases.number_two import TEXT
from .rows import EnvironmentKey


class HistoryFilter(NamedTuple):
    """`begins` and `ends`: from, and until before, these moments."""

    service: str | None = None
    environment: str | None = None
    kind: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None


class HistoryKey(NamedTuple):
    """`position` and `before`, an environment, are the cursor; `begins` is a position too."""

    service: str | None
    environment: str | None
    kind: str | None
    begins: str
    position: str
    before: str
    limit: int


class Everything(NamedTuple):
    """The key of a query without parameters."""


class Second(NamedTuple):
    """Since 1970."""

    second: int


class HistoryRow(NamedTuple):
    """`state`: of an arrival, the Standing right after it began, as JSON; `detail`: what a kind has of its own."""

    environment: str
    place: str | None
    service: str | None
    version: str | None
    build: str | None
    chart_digest: str | None
    position: str
    kind: str
    at: int
    source: str | None
    basis: str | None
    cause: str | None
    message: str | None
    detail: str | None
    state: str | None
    filed_service: str | None
    published: str | None
    document: str | None
    overridden: bool


class HeardEnvironment(NamedTuple):
    environment: str
    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None


_COMMON = "a.environment, a.place, a.service, a.version, a.build, a.chart_digest, a.position"
_COLUMNS = f"{_COMMON}, a.kind, a.at, a.source, a.basis, a.cause, a.message, a.detail, a.state"
_ARRIVALS = (
    f"SELECT {_COMMON}, 'arrived' AS kind, a.started_at AS at, NULL AS source, NULL AS basis, a.began_by AS cause,"
    " NULL AS message, NULL AS detail, a.state, a.position AS ran FROM arrival a"
)
_OTHERS = (
    f"SELECT {_COMMON}, a.kind, a.at, a.source, a.basis, a.cause, a.message, a.detail, NULL AS state,"
    f" {RAN} AS ran FROM history a"
)
_environments = query(
    lambda: tables.Environment.select(
        tables.Environment.environment,
        tables.Environment.confirmed_at,
        tables.Environment.observed_at,
        tables.Environment.round_seconds,
    ),
    takes=Everything,
    gives=HeardEnvironment,
)


_missed = query(
    lambda second: tables.Environment.raw(
        f"SELECT DISTINCT environment FROM (SELECT e.environment, {FIELDS} FROM environment e JOIN {JOINED}) s"
        f" WHERE round_seconds > 0 AND {{}} - heard > {ROUNDS} * round_seconds",
        second,
    ),
    takes=Second,
    gives=EnvironmentKey,
)


def _stream(*equal: str, of: Sequence[str]) -> Query[HistoryKey, HistoryRow]:
    """The newest rows of these tables whose columns are `equal` to what the key says."""

    def build(**it: Any) -> Built[Any, Any]:
        branches, values = list[str](), list[Any]()
        for table in of:
            columns = [name for name in equal if name != "kind" or table is _OTHERS]
            where = "".join(f"a.{name} = {{}} AND " for name in columns)
            branches.append(
                f"SELECT * FROM ({table} WHERE {where}a.position >= {{}} AND (a.position, a.environment) < ({{}}, {{}})"
                f" ORDER BY a.position DESC, a.environment DESC LIMIT {{}}) b{len(branches)}"
            )
            values += [it[name] for name in (*columns, "begins", "position", "before", "limit")]
        return tables.Arrival.raw(
            f"SELECT {_COLUMNS}, r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document,"
            f" {overridden_in('a.ran')} AS overridden"
            f" FROM ({' UNION ALL '.join(branches)}) a {WITH_RELEASE}"
            " ORDER BY a.position DESC, a.environment DESC LIMIT {}",
            *values,
            it["limit"],
        )

    return query(build, takes=HistoryKey, gives=HistoryRow)


_TABLES = {None: (_ARRIVALS, _OTHERS), "arrived": (_ARRIVALS,), "mismatched": (_ARRIVALS, _OTHERS)}
_streams: dict[tuple[str, ...], Query[HistoryKey, HistoryRow]] = {}


def _stream_of(wanted: HistoryFilter) -> Query[HistoryKey, HistoryRow]:
    equal = tuple(name for name in ("service", "environment", "kind") if getattr(wanted, name) is not None)
    known = wanted.kind if wanted.kind in _TABLES else "other"
    name = (*equal, str(known))
    if name not in _streams:
        _streams[name] = _stream(*equal, of=_TABLES.get(wanted.kind, (_OTHERS,)))
    return _streams[name]


async def rows_before(
    wanted: HistoryFilter, position: str, before: str, limit: int, silent: Sequence[HistoryRow]
) -> list[HistoryRow]:
    begins = position_of(wanted.begins) if wanted.begins else ""
    key = HistoryKey(wanted.service, wanted.environment, wanted.kind, begins, position, before, limit)
    rows = await _stream_of(wanted)(key)
    if now := [it for it in silent if begins <= it.position and (it.position, it.environment) < (position, before)]:
        rows = sorted([*rows, *now], key=lambda it: (it.position, it.environment), reverse=True)[:limit]
    return rows


async def silences(wanted: HistoryFilter, silent_after: int) -> list[HistoryRow]:
    """Of the environments that are silent now: it is told for good when something is heard again."""
    if wanted.service is not None or wanted.kind not in (None, "silent"):
        return []
    now, found = datetime.now(UTC), list[HistoryColumns]()
    parts = {it.environment for it in await _missed(Second(seconds_of(now)))}
    for it in await _environments(Everything()):
        since = silence.silent_since(it, now, silent_after)
        if wanted.environment not in (None, it.environment):
            continue
        if since is not None:
            found.append(silence.row(it.environment, "silent", since))
        elif it.environment in parts:
            found += await silence.silent_ranges(it.environment, now)
    return [_silent(it) for it in found]


def _silent(it: HistoryColumns) -> HistoryRow:
    fields: dict[str, Any] = {name: it._asdict().get(name) for name in HistoryRow._fields}
    return HistoryRow(**fields)


def position_of(at: datetime) -> str:
    """Sorts before all that occurred from the first whole second on that is not before `at`."""
    return position_at(max(0, -((EPOCH - at) // SECOND)))
