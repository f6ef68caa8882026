"""Reads what delivery figures count, in pieces that take some milliseconds each: which versions began to run, and which
failed; the releases that they brought; roll backs, recoveries and silence."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from piccolo.query.base import Query as Built

from ..database.query import Query, query
from ..database.tables import Arrival, History, Release
from .releases.number_two import TEXT

PIECE = 250  # rows that are read at a time


class FiguresKey(NamedTuple):
    """`begins` and `ends` are positions; what is read next comes after `begins` and `before`, an environment."""

    service: str | None
    environment: str | None
    begins: str
    before: str
    ends: str


class BegunRow(NamedTuple):
    """An arrival. `release`: the id of the filed one. `again`: it ran there before. `failed`: when it first failed
    before it ran."""

    environment: str
    service: str
    version: str
    at: int
    position: str
    release: int | None
    again: int
    failed: int | None


class FailedVersionRow(NamedTuple):
    """A failure of a version before it ran, or of its tests. `failed`: the first such of that version."""

    environment: str
    service: str
    version: str
    began: int | None
    failed: int | None
    position: str
    release: int | None


class RollbackRow(NamedTuple):
    """`version` ran when it was proposed to put `target` in its place."""

    environment: str
    service: str
    target: str
    at: int
    position: str
    version: str | None


class SilenceRow(NamedTuple):
    environment: str
    position: str


class LineAfter(NamedTuple):
    """What occurs to a service in an environment from a position on, before another."""

    service: str
    environment: str
    position: str
    ends: str


class LineBefore(NamedTuple):
    service: str
    environment: str
    begins: str


class CommitBefore(NamedTuple):
    service: str
    environment: str
    source_commit: str
    begins: str


class ReleasesBetween(NamedTuple):
    service: str
    after: int
    last: int
    limit: int


class Moment(NamedTuple):
    at: int


class ReleaseNumber(NamedTuple):
    id: int


class FiledCommit(NamedTuple):
    """`shared`: how many releases of the service have the commit."""

    id: int
    source_commit: str
    shared: int
    document: str


class _DatedSource(Struct):
    committed_at: datetime


class _Dated(Struct):
    source: _DatedSource


committed = msgspec.json.Decoder(_Dated).decode
# Expressions, so that what is of one version, which is little, is found by it, and no index of many is walked.
_RAN = "b.service = {0}.service AND b.version = {0}.version AND b.environment || '' = {0}.environment"
_FAILED = (
    "h.service = {0}.service AND h.version = {0}.version AND h.environment || '' = {0}.environment"
    " AND h.kind || '' = 'failed'"
)
_FILED = "(SELECT r.id FROM release r WHERE r.service = {0}.service AND r.version = {0}.version) AS release"


def _page(alias: str, it: dict[str, Any], *more: str) -> tuple[str, list[Any]]:
    """The next rows of the window, of what is selected."""
    names = [name for name in ("service", "environment") if it[name] is not None]
    where = [f"{alias}.{name} = {{}}" for name in names] + [f"{alias}.position < {{}}", *more]
    where.append(f"({alias}.position, {alias}.environment) > ({{}}, {{}})")
    order = f" ORDER BY {alias}.position, {alias}.environment LIMIT {PIECE}"
    return f"{' AND '.join(where)}{order}", [it[name] for name in (*names, "ends", "begins", "before")]


def _begun(**it: Any) -> Built[Any, Any]:
    page, values = _page("a", it)
    return Arrival.raw(
        f"SELECT a.environment, a.service, a.version, a.started_at AS at, a.position, {_FILED.format('a')},"
        f" CASE WHEN EXISTS (SELECT 1 FROM arrival b WHERE {_RAN.format('a')} AND b.position < a.position) THEN 1"
        f" ELSE 0 END AS again, (SELECT min(h.at) FROM history h WHERE {_FAILED.format('a')} AND h.at < a.started_at)"
        " AS failed"
        f" FROM arrival a WHERE {page}",
        *values,
    )


def _failed(**it: Any) -> Built[Any, Any]:
    page, values = _page("x", it, "x.kind = 'failed'")
    began = f"(SELECT min(b.started_at) FROM arrival b WHERE {_RAN.format('x')} AND b.position < {{}}) AS began"
    return History.raw(
        "SELECT f.environment, f.service, f.version, f.began,"
        f" (SELECT min(h.at) FROM history h WHERE {_FAILED.format('f')} AND h.position < {{}}"
        " AND (f.began IS NULL OR h.at < f.began OR h.cause = 'TestFailed')) AS failed,"
        f" f.position, {_FILED.format('f')}"
        f" FROM (SELECT x.environment, x.service, x.version, {began}, x.position FROM history x WHERE {page}) f"
        " ORDER BY f.position, f.environment",
        it["ends"],
        it["ends"],
        *values,
    )


def _rollbacks(**it: Any) -> Built[Any, Any]:
    page, values = _page("h", it, "h.kind = 'proposed'", "h.cause = 'rollback'")
    return History.raw(
        "SELECT h.environment, h.service, h.version AS target, h.at, h.position, (SELECT a.version FROM arrival a"
        " WHERE a.service = h.service AND a.environment = h.environment AND a.position < h.position"
        f" ORDER BY a.position DESC LIMIT 1) AS version FROM history h WHERE {page}",
        *values,
    )


def _silences(**it: Any) -> Built[Any, Any]:
    page, values = _page("h", {**it, "service": None}, "h.kind = 'silent'")
    return History.raw(f"SELECT h.environment, h.position FROM history h WHERE {page}", *values)


def _mended(service: str, environment: str, position: str, ends: str) -> Built[Any, Any]:
    line = "{0}.service = {{}} AND {0}.environment = {{}} AND {0}.position >= {{}} AND {0}.position < {{}}"
    told = [
        f"SELECT * FROM (SELECT h.at FROM history h WHERE h.kind = '{kind}' AND {line.format('h')}"
        f" ORDER BY h.position LIMIT 1) {kind}"
        for kind in ("recovered", "rolled_back")
    ]
    first = f"SELECT a.started_at AS at FROM arrival a WHERE {line.format('a')} ORDER BY a.position LIMIT 1"
    branches = " UNION ALL ".join([f"SELECT * FROM ({first}) b", *told])
    return History.raw(branches, *(service, environment, position, ends) * 3)


_THERE = "b.service = r.service AND b.version = r.version AND b.environment || '' = {} AND b.position < {}"
after_failure = query(_mended, takes=LineAfter, gives=Moment)
newest_before = query(
    lambda service, environment, begins: Release.raw(
        "SELECT r.id FROM release r WHERE r.service = {}"
        f" AND EXISTS (SELECT 1 FROM arrival b WHERE {_THERE}) ORDER BY r.id DESC LIMIT 1",
        service,
        environment,
        begins,
    ),
    takes=LineBefore,
    gives=ReleaseNumber,
)
with_commit_before = query(
    lambda service, environment, source_commit, begins: Release.raw(
        "SELECT r.id FROM release r WHERE r.source_commit = {} AND r.service = {}"
        f" AND EXISTS (SELECT 1 FROM arrival b WHERE {_THERE}) LIMIT 1",
        source_commit,
        service,
        environment,
        begins,
    ),
    takes=CommitBefore,
    gives=ReleaseNumber,
)
releases_between = query(
    lambda service, after, last, limit: Release.raw(
        "SELECT r.id, r.source_commit, (SELECT count(*) FROM release o WHERE o.source_commit = r.source_commit"
        f" AND o.service = r.service) AS shared, {TEXT} AS document FROM release r"
        " WHERE r.service = {} AND r.id > {} AND r.id <= {} ORDER BY r.id LIMIT {}",
        service,
        after,
        last,
        limit,
    ),
    takes=ReleasesBetween,
    gives=FiledCommit,
)
_BUILDS: dict[type[Any], Callable[..., Built[Any, Any]]] = {
    BegunRow: _begun,
    FailedVersionRow: _failed,
    RollbackRow: _rollbacks,
    SilenceRow: _silences,
}
_QUERIES: dict[tuple[Any, ...], Query[FiguresKey, Any]] = {}


def _query(gives: type[Any], wanted: FiguresKey) -> Query[FiguresKey, Any]:
    absent = tuple(name for name in ("service", "environment") if getattr(wanted, name) is None)
    if (gives, absent) not in _QUERIES:

        def build(**it: Any) -> Built[Any, Any]:
            return _BUILDS[gives](**it | dict.fromkeys(absent))

        _QUERIES[gives, absent] = query(build, takes=FiguresKey, gives=gives)
    return _QUERIES[gives, absent]


async def pieces(gives: type[Any], wanted: FiguresKey) -> AsyncIterator[Any]:
    """Every row of this kind in the window, oldest first."""
    while True:
        rows = await _query(gives, wanted)(wanted)
        for row in rows:
            yield row
        if len(rows) < PIECE:
            return
        wanted = wanted._replace(begins=rows[-1].position, before=rows[-1].environment)
