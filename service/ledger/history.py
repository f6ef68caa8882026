"""The history: one stream of all that occurred, newest first.

Arrivals are rows of `arrival`; all else is in `history`, which the projection writes with them. Both are ordered by
position and environment, which are the cursor. Whether an image or a chart is another than the filed release's is
judged when reading, since a release may be filed after it arrived: so such a row may give no item.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from piccolo.query.base import Query as Built

from ..database import tables
from ..database.query import Query, query
from ..domain import images
from ..domain.event import EPOCH, SECOND
from ..domain.occurrence import Evidence
from ..domain.place import OlderRules, standing_in
from ..domain.signature import ENVIRONMENT
from ..domain.state import Images, Running, State, position_at
from .arrivals.list import BEGINNING
from .environments.place import Mismatch, mismatches_of
from .events import silence
from .events.silence import Hearing
from .events.statements import SOURCES
from .match import WITH_RELEASE, FiledRow, moment, release_of, released_images
from .page import Page
from .releases.number_two import TEXT

Kind = Literal[
    "arrived",
    "failed",
    "rolled_back",
    "progressing",
    "recovered",
    "drifted",
    "blocked",
    "unblocked",
    "reconfigured",
    "removed",
    "unmanaged",
    "suspended",
    "silent",
    "heard",
    "proposed",
    "mismatched",
    "contested",
]
KINDS: tuple[str, ...] = get_args(Kind)
# `m`: after what was mismatched when an arrival began, before that arrival.
CURSOR = re.compile(rf"[0-9a-f]{{97}}m?\.{ENVIRONMENT.pattern}")
SCANNED, ROUNDS = 500, 4  # rows that are looked at for those that are mismatched, and how often


class HistoryDigests(Struct, frozen=True):
    """`chart`: as Flux reported it, else as it was filed. `images`: those of the filed release, by name."""

    chart: str | None
    images: dict[str, str]


class HistoryItem(Struct, frozen=True):
    """`version` is what it is about: what arrived, failed, was rolled back, and so on; null: it is not known, or it is
    of the whole environment, as `place` null is. `to`: what runs again after a roll back. `cause`: Flux's reason, or a
    proposal's kind. `source`: event | snapshot | filing | silence, `basis` as of arrivals. `url`: a path of the ledger
    that tells more; `proposal` the address of a pull request."""

    id: str
    when: datetime
    kind: Kind
    environment: str
    place: str | None
    service: str | None
    version: str | None
    build: str | None
    to: str | None
    known: bool
    digests: HistoryDigests
    mismatches: list[Mismatch]
    cause: str | None
    message: str
    source: str
    basis: str | None
    proposal: str | None
    url: str


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


class HeardEnvironment(NamedTuple):
    environment: str
    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None


class _Detail(Struct):
    """Of any kind."""

    to: str | None = None
    url: str | None = None


_COMMON = "a.environment, a.place, a.service, a.version, a.build, a.chart_digest, a.position"
_ARRIVALS = (
    f"SELECT {_COMMON}, 'arrived' AS kind, a.started_at AS at, NULL AS source, NULL AS basis, a.began_by AS cause,"
    " NULL AS message, NULL AS detail, a.state FROM arrival a"
)
_OTHERS = (
    f"SELECT {_COMMON}, a.kind, a.at, a.source, a.basis, a.cause, a.message, a.detail, NULL AS state FROM history a"
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
_decode = msgspec.json.Decoder(_Detail).decode
_evidence = msgspec.json.Decoder(Evidence).decode


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
            f"SELECT a.*, r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document"
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


async def history(
    wanted: HistoryFilter, cursor: str | None = None, limit: int = 50, silent_after: int = 0
) -> Page[HistoryItem]:
    """What occurred, newest first. A page that has fewer items than `limit` may still have a next one."""
    position, before, resumed = _start(wanted, cursor)
    silent = await _silences(wanted, silent_after)
    more = SCANNED if wanted.kind == "mismatched" else limit + 1
    found = list[tuple[str, HistoryItem]]()
    for _ in range(ROUNDS):
        rows = await _rows(wanted, position, before, more, silent)
        found += [each for row in rows for each in _items(row, wanted.kind) if each[0] != resumed]
        if len(found) > limit:
            return Page([item for _, item in found[:limit]], found[limit - 1][0])
        if len(rows) < more:
            return Page([item for _, item in found], None)
        position, before = rows[-1].position, rows[-1].environment
    return Page([item for _, item in found], f"{position}.{before}")


async def _rows(
    wanted: HistoryFilter, position: str, before: str, limit: int, silent: Sequence[HistoryRow]
) -> list[HistoryRow]:
    begins = position_at(_second(wanted.begins)) if wanted.begins else ""
    key = HistoryKey(wanted.service, wanted.environment, wanted.kind, begins, position, before, limit)
    rows = await _stream_of(wanted)(key)
    if now := [it for it in silent if begins <= it.position and (it.position, it.environment) < (position, before)]:
        rows = sorted([*rows, *now], key=lambda it: (it.position, it.environment), reverse=True)[:limit]
    return rows


async def _silences(wanted: HistoryFilter, silent_after: int) -> list[HistoryRow]:
    """Of the environments that are silent now: it is told for good when something is heard again."""
    if wanted.service is not None or wanted.kind not in (None, "silent"):
        return []
    now, found = datetime.now(UTC), list[HistoryRow]()
    for it in await _environments(Everything()):
        since = silence.silent_since(Hearing(it.confirmed_at, it.observed_at, it.round_seconds), now, silent_after)
        if since is not None and wanted.environment in (None, it.environment):
            told = silence.row(it.environment, "silent", since)._asdict()
            fields: dict[str, Any] = {name: told.get(name) for name in HistoryRow._fields}
            found.append(HistoryRow(**fields))
    return found


def _start(wanted: HistoryFilter, cursor: str | None) -> tuple[str, str, str | None]:
    """The position and the environment below which rows are, and the item among them that was given already."""
    position, _, environment = (cursor or BEGINNING).partition(".")
    resumed = cursor if position.endswith("m") else None
    if resumed:  # the row itself is read again; a space sorts before all that a name may go on with
        position, environment = position[:-1], f"{environment} "
    ends = position_at(_second(wanted.ends)) if wanted.ends else position
    return (ends, "", None) if ends < position else (position, environment, resumed)


def _second(at: datetime) -> int:
    """The first whole second that is not before `at`."""
    return max(0, -((EPOCH - at) // SECOND))


def _items(row: HistoryRow, kind: str | None) -> Iterator[tuple[str, HistoryItem]]:
    """What a row tells, newest first, each with its cursor."""
    cursor = f"{row.position}.{row.environment}"
    if row.kind == "mismatched":
        if found := _found_later(row):
            yield cursor, _item(row, row.kind, found)
        return
    if row.state is None:
        yield cursor, _item(row, row.kind)
        return
    standing = standing_in(row.state)
    if standing is None:
        raise OlderRules
    state = standing.lanes[0].state
    running = state.running
    row = row._replace(basis=running.basis if running else None)
    if kind != "arrived" and running and (found := _judged(row, running, state)):
        yield f"{row.position}m.{row.environment}", _item(row, "mismatched", found)
    if kind != "mismatched":
        yield cursor, _item(row, "arrived")


def _found_later(row: HistoryRow) -> list[Mismatch]:
    evidence = _evidence(row.detail or "{}")
    running = Running(row.version or "", row.at, row.basis or "")
    seen = Images(row.at, evidence.seen) if evidence.seen else None
    return _judged(row, running, State(running, intended=evidence.intended, images=seen))


def _judged(row: HistoryRow, running: Running, state: State) -> list[Mismatch]:
    if row.document is None:
        return []
    seen = images.judged(state.images.seen, released_images(row.document)) if state.images else []
    return mismatches_of(running, state, FiledRow(row.filed_service, row.published, row.document), seen)


def _item(row: HistoryRow, kind: Any, mismatches: Sequence[Mismatch] = ()) -> HistoryItem:
    release = release_of(row.filed_service, row.version or "", row.build, row.document, mismatched=bool(mismatches))
    detail = _decode(row.detail or "{}")
    return HistoryItem(
        id=str(uuid5(UUID(row.position[-32:]), f"{row.environment} {kind} {row.at}")),
        when=moment(row.at),
        kind=kind,
        environment=row.environment,
        place=row.place,
        service=row.service,
        version=row.version,
        build=row.build,
        to=detail.to,
        known=release.known,
        digests=HistoryDigests(row.chart_digest or row.published, release.images),
        mismatches=list(mismatches),
        cause=row.cause,
        message=row.message or "",
        source=row.source or SOURCES[row.basis or "event"],
        basis=row.basis,
        proposal=detail.url,
        url=release.url or _of_environment(row),
    )


def _of_environment(row: HistoryRow) -> str:
    path = f"/environments/{row.environment}"
    return f"{path}/arrivals?service={row.service}" if row.service else path
