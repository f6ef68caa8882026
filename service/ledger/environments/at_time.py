"""What ran at a time in the past, as is known today: each place after the last arrival or checkpoint before it,
continued with what was said between the two. Some places at a time are read together, and others are answered in
between.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from ...database.piccolo_conf import current
from ...database.query import Query, Row, query
from ...database.tables import Place
from ...domain import timeline
from ...domain.event import EPOCH, SECOND, seconds_of
from ...domain.lane import ObjectLane, follow, in_order, name_of
from ...domain.place import Standing, standing_in
from ...domain.state import NO_ARRIVAL, Entry, State, position_at
from ..aside import aside
from ..events import silence
from ..events.said import LevelRow, entries_between, entry_of, level_entries_of
from ..match import WITH_RELEASE, FiledRow, named_service
from ..releases.number_two import TEXT
from ..rows import EventRow, PlaceKey
from .place import PlaceState, place_state
from .state import EnvironmentState, environment_row
from .state import in_order as by_service

PIECE = 250  # places


class PlacesThen(NamedTuple):
    """`position` sorts after all that began until then; `place`: after which the piece begins."""

    position: str
    environment: str
    place: str
    limit: int


class PlaceThen(NamedTuple):
    """`state`: the Standing now, `past` right after the last arrival until then or a later checkpoint, None: there was
    none. The rest is of that arrival, and of its filed release, if there is one."""

    place: str
    state: str
    past: str | None
    service: str | None
    version: str | None
    filed_service: str | None
    published: str | None
    document: str | None


class SaidThen(NamedTuple):
    """`place` and `last` bound the piece; `second`: until when."""

    position: str
    environment: str
    place: str
    last: str
    second: int


class EventThen(NamedTuple):
    place: str
    body: bytes
    sha256: str
    received_at: datetime


class LevelThen(NamedTuple):
    place: str
    body: bytes
    sha256: str
    first_at: int
    first_version: str
    last_at: int
    last_version: str


_LAST = (
    "(SELECT max(x.position) FROM arrival x"
    " WHERE x.environment = p.environment AND x.place = p.place AND x.position < {})"
)
_AFTER = "coalesce({last}, '" + NO_ARRIVAL + "')"
_CHECKPOINTS = (
    "FROM checkpoint c WHERE c.environment = p.environment AND c.place = p.place"
    f" AND c.position > {_AFTER} AND c.position < {_AFTER} || {{{{}}}}"
)
# Made first: a planner that joins the places later reads all that was ever said of them.
_SINCE = (
    "WITH s AS MATERIALIZED (SELECT p.environment, p.place, CAST(coalesce("
    f"substr((SELECT max(c.position) {_CHECKPOINTS.format(last='p.last')}), {len(NO_ARRIVAL) + 1}),"
    " substr(p.last, 1, 12), '0') AS BIGINT) AS since FROM"
    f" (SELECT p.environment, p.place, {_LAST} AS last FROM place p"
    " WHERE p.environment = {} AND p.place > {} AND p.place <= {}) p)"
)
_places = query(
    lambda position, environment, place, limit: Place.raw(
        # The piece first: a planner without statistics would join every place, and then sort them.
        f"SELECT p.place, p.state, coalesce((SELECT c.state {_CHECKPOINTS.format(last='a.position')}"
        " ORDER BY c.position DESC LIMIT 1), a.state) AS past, a.service, a.version, r.service AS filed_service,"
        f" r.chart_digest AS published, {TEXT} AS document FROM (SELECT q.environment, q.place, q.state FROM place q"
        " WHERE q.environment = {} AND q.place > {} ORDER BY q.place LIMIT {}) p LEFT JOIN arrival a"
        f" ON a.environment = p.environment AND a.place = p.place AND a.position = {_LAST} {WITH_RELEASE}"
        " ORDER BY p.place",
        position,
        environment,
        place,
        limit,
        position,
    ),
    takes=PlacesThen,
    gives=PlaceThen,
)


# PostgreSQL takes what is not older than an unknown moment for a third of all, and would rather read all of it once
# than a little for each place; so the latter is said. SQLite does not know the word, and does as it is told.
_EACH = {
    "sqlite": "s CROSS JOIN {table} t WHERE {where}",
    "postgres": "s CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE {where} OFFSET 0) t",
}


def _said(table: str, first: str, last: str, gives: type[Row]) -> dict[str, Query[SaidThen, Row]]:
    """By engine: the rows of `table` of which, until then, the column `first` is, and `last` not before the arrival."""
    where = f"t.environment = s.environment AND t.place = s.place AND t.{last} >= s.since AND t.{first} <= {{}}"
    columns = ", ".join(f"t.{name}" for name in gives._fields)  # type: ignore[attr-defined]
    return {engine: _of_each(f"SELECT {columns} FROM {it.format(table=table, where=where)}", gives)
            for engine, it in _EACH.items()}  # fmt: skip


def _of_each(sql: str, gives: type[Row]) -> Query[SaidThen, Row]:
    whole = f"SELECT * FROM ({_SINCE} {sql}) x"
    return query(
        lambda position, environment, place, last, second: Place.raw(
            whole, position, position, environment, place, last, second
        ),
        takes=SaidThen,
        gives=gives,
    )


EVENTS = _said("event", "at", "at", EventThen)
LEVELS = _said("level", "first_at", "last_at", LevelThen)


async def state_at(environment: str, at: datetime, silent_after: int = 0) -> EnvironmentState | None:
    """None for an environment that never reported. What happened within the second of `at` counts."""
    row = await environment_row(environment)
    if row is None:
        return None
    second = max(0, seconds_of(at))
    silent = await silence.silent_at(environment, second, datetime.now(UTC), silent_after)
    now = (await silence.silences([environment], silent_after)).get(environment, silence.Silence(None))
    then = await silence.ranges_silent_at(environment, second)
    states = list[PlaceState | None]()
    async for piece in lanes_at(environment, second):
        for it, lanes in piece:
            since = silent or then.since(it.place, it.state) or now.since(it.place, it.state)
            is_silent = since is not None and since <= EPOCH + second * SECOND
            states.append(await place_state(it.place, lanes, second, is_silent, _filed(it, lanes)))
    return EnvironmentState(environment, at, row.confirmed_at, by_service(states), silent)


async def lanes_at(environment: str, second: int) -> AsyncIterator[list[tuple[PlaceThen, list[ObjectLane]]]]:
    """The lanes of each place that were open then, in pieces."""
    position, place, engine = position_at(second + 1), "", current().engine_type
    while rows := await _places(PlacesThen(position, environment, place, PIECE)):
        said = SaidThen(position, environment, place, rows[-1].place, second)
        place = said.last
        events, levels = await EVENTS[engine](said), await LEVELS[engine](said)
        found = await aside(len(events) + len(levels), _lanes, rows, events, levels, second)
        whole = [PlaceKey(environment, it.place) for it, lane in found if lane is None]
        told = await asyncio.gather(*map(entries_between, whole))
        lanes = iter([await aside(len(it), timeline.at_time, it, second) for it in told])
        yield [(it, next(lanes) if lane is None else [lane]) for it, lane in found]
        await asyncio.sleep(0)


def _lanes(
    rows: Sequence[PlaceThen], events: Sequence[EventThen], levels: Sequence[LevelThen], second: int
) -> list[tuple[PlaceThen, ObjectLane | None]]:
    entries = defaultdict[str, list[Entry]](list)
    for event in events:
        entries[event.place] += entry_of(EventRow(*event[1:]))
    for level in levels:
        entries[level.place] += level_entries_of(level.place, LevelRow(*level[1:]))
    return [(it, _continued(it, entries[it.place], second)) for it in rows]


def _filed(it: PlaceThen, lanes: Sequence[ObjectLane]) -> FiledRow | None:
    """The release of what the place names, if that is the arrival's; None: it must be looked up."""
    state = lanes[-1].state if lanes else State()
    named = state.running or state.attempt or state.left
    if named and (named_service(named.service, named.chart, it.place), named.version) == (it.service, it.version):
        return FiledRow(it.filed_service, it.published, it.document)
    return None


def _continued(it: PlaceThen, entries: Sequence[Entry], second: int) -> ObjectLane | None:
    """None: that cannot be told from the last arrival before."""
    standing = standing_in(it.state)
    if standing is None or len(standing.lanes) != 1:
        return None
    [now] = standing.lanes
    kept = standing_in(it.past) if it.past else Standing(lanes=(ObjectLane(now.uid, clusters=now.clusters),))
    lane = kept.lanes[0] if kept else None
    if lane is None or -1 < now.inverted >= lane.high:
        return None
    said = [each for each in entries if max(0, lane.high) <= each.at <= second]
    ordered = in_order([each for each in said if each.at > lane.high or name_of(each) not in lane.ties], lane)
    return None if ordered is None else follow(msgspec.structs.replace(lane), ordered).lane
