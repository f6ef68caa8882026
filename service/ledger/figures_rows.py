"""Reads what delivery figures count, in pieces that take some milliseconds each: what began to run, which versions
failed, roll backs, recoveries and silence, in a window of positions."""

from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database.query import Query, query
from ..database.tables import Arrival, History
from ..domain.figures import Deployment

PIECE = 500  # rows that are read at a time
MOST = 40_000  # rows of one kind that are read for one answer


class TooManyRows(Exception):
    """More than MOST."""


class FiguresWindow(NamedTuple):
    """`begins` and `ends` are positions; what is read next comes after `begins` and `before`, an environment, and has
    at most `limit` rows."""

    service: str | None
    environment: str | None
    begins: str
    before: str
    ends: str
    limit: int


class FailedVersion(NamedTuple):
    """A version of which there is a failure, or the proposal to roll it back, at `position`. `failed`: when it failed
    first before it ran, or in its tests; or when that was proposed. `began`: when it began to run first. None: that did
    not happen. `again`: it had failed, or was rolled back, before."""

    environment: str
    service: str
    version: str | None
    position: str
    release: int | None
    failed: int | None
    failed_position: str | None
    began: int | None
    began_position: str | None
    again: bool


class HistoryMoment(NamedTuple):
    """`version`: none is told."""

    environment: str
    service: str | None
    version: str | None
    at: int
    position: str


_SAME = "{0}.service = {1}.service AND {0}.version = {1}.version AND {0}.environment = {1}.environment"
_RELEASE = "(SELECT r.id FROM release r WHERE r.service = {0}.service AND r.version = {0}.version) AS release"
_BEGAN = (
    f"(SELECT min(b.position) FROM arrival b WHERE {_SAME.format('b', '{0}')} AND b.position < {{{{}}}})"
    " AS began_position"
)
_BEGAN_AT = (
    "(SELECT min(t.started_at) FROM arrival t WHERE t.environment = y.environment AND t.position = y.began_position)"
    " AS began"
)
# Its first failure that counts: before it ran, or else of its tests. An ORDER BY, since the indexes have that order.
_FIRST = (
    f"(SELECT h.position FROM history h WHERE h.kind = 'failed' AND {_SAME.format('h', '{0}')} AND h.position < {{1}}"
    " ORDER BY h.position LIMIT 1)"
)
_BEFORE_IT_RAN, _OF_ITS_TESTS = "coalesce({0}.began_position, {1})", "{1} AND h.cause = 'TestFailed'"
_FAILED = f"coalesce({_FIRST.format('{0}', _BEFORE_IT_RAN)}, {_FIRST.format('{0}', _OF_ITS_TESTS)})"
_ROLLBACK = "{0}.kind || '' = 'proposed' AND {0}.cause = 'rollback'"  # so that the few are found by their own index
_RAN = (  # what ran in its place when it was proposed
    "(SELECT a.version FROM arrival a WHERE a.service = {0}.service AND a.environment = {0}.environment"
    " AND a.position < {0}.position ORDER BY a.position DESC LIMIT 1)"
)
_ROLLED_BACK = (
    f"EXISTS (SELECT 1 FROM history q WHERE {_ROLLBACK.format('q')} AND q.service = {{0}}.service"
    " AND q.environment = {0}.environment AND q.position < {1} AND q.version <> {0}.version"
    f" AND {_RAN.format('q')} = {{0}}.version)"
)


def _window(alias: str, it: dict[str, Any], *more: str) -> tuple[str, list[Any]]:
    """The next rows of the window, of what is selected."""
    names = [name for name in ("service", "environment") if it[name] is not None]
    where = [f"{alias}.{name} = {{}}" for name in names] + [f"{alias}.position < {{}}", *more]
    where.append(f"({alias}.position, {alias}.environment) > ({{}}, {{}})")
    order = f" ORDER BY {alias}.position, {alias}.environment LIMIT {{}}"
    return f"{' AND '.join(where)}{order}", [it[name] for name in (*names, "ends", "begins", "before", "limit")]


def _arrived(**it: Any) -> Built[Any, Any]:
    rows, values = _window("a", it)
    return Arrival.raw(
        f"SELECT a.environment, a.service, a.version, a.started_at AS at, a.position, {_RELEASE.format('a')},"
        f" EXISTS (SELECT 1 FROM arrival b WHERE {_SAME.format('b', 'a')} AND b.position < a.position) AS again"
        f" FROM arrival a WHERE {rows}",
        *values,
    )


def _failed(**it: Any) -> Built[Any, Any]:
    """The versions of the next failures, each once."""
    rows, values = _window("x", it, "x.kind = 'failed'")
    versions = (
        "SELECT f.environment, f.service, f.version, max(f.position) AS position FROM"
        f" (SELECT x.environment, x.service, x.version, x.position FROM history x WHERE {rows}) f"
        " GROUP BY f.environment, f.service, f.version"
    )
    return History.raw(
        f"SELECT y.environment, y.service, y.version, y.position, {_RELEASE.format('y')},"
        " (SELECT min(t.at) FROM history t WHERE t.environment = y.environment AND t.position = y.failed_position)"
        f" AS failed, y.failed_position, {_BEGAN_AT}, y.began_position,"
        f" {_ROLLED_BACK.format('y', 'y.failed_position')} AS again"
        f" FROM (SELECT w.*, {_FAILED.format('w', '{}')} AS failed_position FROM (SELECT v.*, {_BEGAN.format('v')}"
        f" FROM ({versions}) v) w) y ORDER BY y.position, y.environment",
        *[it["ends"]] * 3,
        *values,
    )


def _rollbacks(**it: Any) -> Built[Any, Any]:
    rows, values = _window("h", it, _ROLLBACK.format("h"))
    return History.raw(
        f"SELECT y.environment, y.service, y.version, y.position, {_RELEASE.format('y')}, y.at AS failed,"
        f" y.position AS failed_position, {_BEGAN_AT}, y.began_position,"
        f" (y.version = y.target OR {_FAILED.format('y', 'y.position')} IS NOT NULL"
        f" OR {_ROLLED_BACK.format('y', 'y.position')}) AS again"
        f" FROM (SELECT v.*, {_BEGAN.format('v')} FROM (SELECT h.environment, h.service, {_RAN.format('h')} AS version,"
        f" h.version AS target, h.at, h.position FROM history h WHERE {rows}) v) y ORDER BY y.position, y.environment",
        it["ends"],
        *values,
    )


def _of_kind(kind: str) -> Callable[..., Built[Any, Any]]:
    def build(**it: Any) -> Built[Any, Any]:
        rows, values = _window("h", it, f"h.kind = '{kind}'")
        return History.raw(
            f"SELECT h.environment, h.service, NULL AS version, h.at, h.position FROM history h WHERE {rows}", *values
        )

    return build


_BUILDS: dict[str, tuple[type[Any], Callable[..., Built[Any, Any]]]] = {
    "arrived": (Deployment, _arrived),
    "failed": (FailedVersion, _failed),
    "rollback": (FailedVersion, _rollbacks),
    **{kind: (HistoryMoment, _of_kind(kind)) for kind in ("recovered", "rolled_back", "silent")},
}


@cache
def _query(what: str, absent: tuple[str, ...]) -> Query[FiguresWindow, Any]:
    gives, build = _BUILDS[what]
    return query(lambda **it: build(**it | dict.fromkeys(absent)), takes=FiguresWindow, gives=gives)


async def pieces(what: str, window: FiguresWindow) -> AsyncIterator[list[Any]]:
    """Every row in the window, oldest first; of versions that failed, some more than once."""
    read = _query(what, tuple(name for name in ("service", "environment") if getattr(window, name) is None))
    while rows := await read(window):
        yield rows
        window = window._replace(begins=rows[-1].position, before=rows[-1].environment)
