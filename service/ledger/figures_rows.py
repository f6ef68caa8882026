"""Reads what delivery figures count, in pieces that take some milliseconds each: what began to run, which versions
failed, roll backs, recoveries and silence, in a window of positions."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database.query import Query, query
from ..database.tables import Arrival, History
from ..domain.figures import ArrivedVersion

PIECE = 500  # rows that are read at a time
MOST = 40_000  # rows of one kind that are read for one answer
NEAR = 50  # so many failures are looked at for the first that counts


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


Line = tuple[str, str]  # environment, service
Begun = Mapping[Line, Sequence[ArrivedVersion]]  # not `again`, in the order of their positions


class FailedVersion(NamedTuple):
    """A version of which there is a failure in a place, or the proposal to roll it back, at `position`. `failed`: when
    it failed there first before it ran there, or in its tests; or when that was proposed. `began`: when it began to run
    in the environment first. None: that did not happen. `again`: it had failed, or was rolled back, before. `place`
    None: that is not known."""

    environment: str
    service: str
    version: str | None
    place: str | None
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
    place: str | None


_SAME = "{0}.service = {1}.service AND {0}.version = {1}.version AND {0}.environment = {1}.environment"
AGAIN = f"EXISTS (SELECT 1 FROM arrival b WHERE {_SAME.format('b', '{0}')} AND b.position < {{0}}.position)"
_RELEASE = "(SELECT r.id FROM release r WHERE r.service = {0}.service AND r.version = {0}.version) AS release"
_BEGAN = (
    f"(SELECT min(b.position) FROM arrival b WHERE {_SAME.format('b', '{0}')} AND b.position < {{{{}}}})"
    " AS began_position"
)
_BEGAN_AT = (
    "(SELECT min(t.started_at) FROM arrival t WHERE t.environment = y.environment AND t.position = y.began_position)"
    " AS began"
)
# It was not there yet, where it failed; or its tests did.
FAILS = (
    f"({{0}}.cause = 'TestFailed' OR NOT EXISTS (SELECT 1 FROM arrival c WHERE {_SAME.format('c', '{0}')}"
    " AND c.place = {0}.place AND c.position < {0}.position))"
)
_FAILED = f"{{0}}.kind = 'failed' AND {_SAME.format('{0}', '{1}')} AND {{0}}.position < {{2}}"
FAILED_BEFORE = (
    f"(EXISTS (SELECT 1 FROM history t WHERE t.cause = 'TestFailed' AND {_FAILED.format('t', '{0}', '{1}')})"
    f" OR EXISTS (SELECT 1 FROM (SELECT e.* FROM history e WHERE {_FAILED.format('e', '{0}', '{1}')}"
    f" ORDER BY e.position LIMIT {NEAR}) e WHERE {FAILS.format('e')}))"
)
ROLLBACK = "{0}.kind || '' = 'proposed' AND {0}.cause = 'rollback'"  # so that the few are found by their own index
_RUNS = "SELECT a.version FROM arrival a WHERE a.environment = {0}.environment AND a.service = {0}.service"
_LAST = "a.position < {0}.position ORDER BY a.position DESC LIMIT 1"
_RAN_THERE = f"({_RUNS} AND a.place = {{0}}.place AND {_LAST})"
# In its place when it was proposed; else, wherever that was.
RAN_BEFORE = f"coalesce({_RAN_THERE}, ({_RUNS} AND {_LAST}))"
ROLLED_BACK = (
    f"EXISTS (SELECT 1 FROM history q WHERE {ROLLBACK.format('q')} AND q.service = {{0}}.service"
    " AND q.environment = {0}.environment AND q.position < {1} AND q.version <> {0}.version"
    f" AND {RAN_BEFORE.format('q')} = {{0}}.version)"
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
        f" {AGAIN.format('a')} AS again, a.place"
        f" FROM arrival a WHERE {rows}",
        *values,
    )


def _failed(**it: Any) -> Built[Any, Any]:
    """The versions of the next failures and their places, each once."""
    rows, values = _window("x", it, "x.kind = 'failed'")
    versions = (
        "SELECT f.environment, f.service, f.version, f.place, max(f.position) AS position, min(CASE WHEN"
        f" {FAILS.format('f')} THEN f.position END) AS failed_position FROM"
        f" (SELECT x.environment, x.service, x.version, x.place, x.position, x.cause FROM history x WHERE {rows}) f"
        " GROUP BY f.environment, f.service, f.version, f.place"
    )
    return History.raw(
        f"SELECT y.environment, y.service, y.version, y.place, y.position, {_RELEASE.format('y')},"
        " (SELECT min(t.at) FROM history t WHERE t.environment = y.environment AND t.position = y.failed_position)"
        f" AS failed, y.failed_position, {_BEGAN_AT}, y.began_position,"
        f" {FAILED_BEFORE.format('y', 'y.failed_position')} OR {ROLLED_BACK.format('y', 'y.failed_position')} AS again"
        f" FROM (SELECT v.*, {_BEGAN.format('v')} FROM ({versions}) v) y ORDER BY y.position, y.environment",
        it["ends"],
        *values,
    )


def _rollbacks(**it: Any) -> Built[Any, Any]:
    rows, values = _window("h", it, ROLLBACK.format("h"))
    return History.raw(
        f"SELECT y.environment, y.service, y.version, y.place, y.position, {_RELEASE.format('y')}, y.at AS failed,"
        f" y.position AS failed_position, {_BEGAN_AT}, y.began_position,"
        f" {FAILED_BEFORE.format('y', 'y.position')} OR {ROLLED_BACK.format('y', 'y.position')} AS again"
        f" FROM (SELECT v.*, {_BEGAN.format('v')} FROM (SELECT h.environment, h.service,"
        f" nullif({RAN_BEFORE.format('h')}, h.version) AS version,"  # what runs already is not rolled back
        f" CASE WHEN {_RAN_THERE.format('h')} IS NOT NULL THEN h.place END AS place, h.at,"
        f" h.position FROM history h WHERE {rows}) v) y ORDER BY y.position, y.environment",
        it["ends"],
        *values,
    )


def _of_kind(kind: str) -> Callable[..., Built[Any, Any]]:
    def build(**it: Any) -> Built[Any, Any]:
        rows, values = _window("h", it, f"h.kind = '{kind}'")
        return History.raw(
            f"SELECT h.environment, h.service, NULL AS version, h.at, h.position, h.place FROM history h WHERE {rows}",
            *values,
        )

    return build


_BUILDS: dict[str, tuple[type[Any], Callable[..., Built[Any, Any]]]] = {
    "arrived": (ArrivedVersion, _arrived),
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
