"""Which commits services got in their environments: those of the releases that were filed since the newest one that ran
there before."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database.piccolo_conf import current
from ..database.query import Query, Row, query
from ..database.tables import Release
from ..domain.figures import BroughtCommits, CountedRelease, Deployment, brought
from .figures_rows import MOST, TooManyRows
from .releases.number_two import TEXT, committed_at

PIECE = 25  # services of which is read at a time
BACK = 50  # arrivals among which the last one of a filed release is looked for
Begun = Mapping[str, Mapping[str, Sequence[Deployment]]]  # of filed releases: by service, by environment


class AskedServices(NamedTuple):
    """A JSON list. Of each `service`: `begins`, a position, and of which releases it is read, those numbered above
    `since`, until `until`."""

    services: str


class LastFiledRow(NamedTuple):
    """The filed release that ran last in an environment before; None: none is known. `ran`: something did."""

    service: str
    environment: str
    release: int | None
    ran: bool


class RanRelease(NamedTuple):
    """One that ran in an environment before; of those until `since` only where its commit is one of a later one."""

    service: str
    environment: str
    release: int
    source_commit: str


class FiledCommit(NamedTuple):
    """`document`: where only that tells when the commit was made."""

    service: str
    id: int
    source_commit: str
    committed_at: int | None
    document: str | None


class CommitRows(NamedTuple):
    last: list[LastFiledRow]
    ran: list[RanRelease]
    filed: list[FiledCommit]


_ASKED = {
    "sqlite": "SELECT json_extract(value, '$.service') AS service, json_extract(value, '$.begins') AS begins,"
    " json_extract(value, '$.since') AS since, json_extract(value, '$.until') AS until FROM json_each({})",
    "postgres": "SELECT * FROM json_to_recordset({}::json)"
    " AS a (service text, begins text, since bigint, until bigint)",
}
_BEFORE = "FROM arrival a WHERE a.service = s.service AND a.environment = e.environment AND a.position < s.begins"
_LAST = (
    "SELECT s.service, e.environment, (SELECT r.id FROM (SELECT a.service, a.version, a.position"
    f" {_BEFORE} ORDER BY a.position DESC LIMIT {BACK}) l JOIN release r ON r.service = l.service"
    " AND r.version = l.version ORDER BY l.position DESC LIMIT 1) AS release,"
    f" EXISTS (SELECT 1 {_BEFORE}) AS ran FROM s CROSS JOIN environment e"
)
# In this order of tables: of what ran before there may be much.
_RAN = (
    "SELECT s.service, e.environment, o.id AS release, o.source_commit FROM s CROSS JOIN {} CROSS JOIN environment e"
    " WHERE {} AND EXISTS (SELECT 1 FROM arrival b WHERE b.service = o.service AND b.version = o.version"
    " AND b.environment = e.environment AND b.position < s.begins)"
)
_NEWER = _RAN.format("release o", "o.service = s.service AND o.id > s.since")
_OLDER = _RAN.format(
    "release r CROSS JOIN release o",
    "r.service = s.service AND r.id > s.since AND r.id <= s.until"
    " AND o.source_commit = r.source_commit AND o.id <= s.since AND o.service || '' = r.service",
)
_FILED = (
    f"SELECT r.service, r.id, r.source_commit, r.committed_at, CASE WHEN r.committed_at IS NULL THEN {TEXT} END"
    " AS document FROM s CROSS JOIN release r WHERE r.service = s.service AND r.id > s.since AND r.id <= s.until"
    f" LIMIT {MOST + 1}"
)


def _build(sql: str, services: Any) -> Built[Any, Any]:
    return Release.raw(sql, services)


def _of_services(sql: str, gives: type[Row]) -> dict[str, Query[AskedServices, Row]]:
    """By engine."""
    return {
        engine: query(
            partial(_build, f"SELECT x.* FROM (WITH s AS MATERIALIZED ({asked}) {sql}) x"),
            takes=AskedServices,
            gives=gives,
        )
        for engine, asked in _ASKED.items()
    }


_last, _filed = _of_services(_LAST, LastFiledRow), _of_services(_FILED, FiledCommit)
_ran = _of_services(f"{_NEWER} UNION ALL {_OLDER}", RanRelease)


def begun_of_filed(arrived: Sequence[Deployment]) -> Begun:
    """In the order of their positions, in which they are given."""
    begun = defaultdict[str, defaultdict[str, list[Deployment]]](lambda: defaultdict(list))
    for it in arrived:
        if it.release is not None and not it.again:
            begun[it.service][it.environment].append(it)
    return begun


async def read_commits(begun: Begun, begins: str) -> CommitRows:
    """Of what began since `begins`, a position. Raises TooManyRows."""
    engine, found = current().engine_type, CommitRows([], [], [])
    names = sorted(begun)
    for start in range(0, len(names), PIECE):
        asked = {name: _between(name, begun[name], begins) for name in names[start : start + PIECE]}
        last = await _last[engine](_key(asked))
        for it in last:  # what an environment got is all that was filed since it ran something
            if it.ran and it.environment in begun[it.service]:
                asked[it.service]["since"] = min(asked[it.service]["since"], it.release or 0)
        found.last.extend(last)
        found.filed.extend(await _filed[engine](_key(asked)))
        if ran := {it.service: asked[it.service] for it in last if it.ran}:
            found.ran.extend(await _ran[engine](_key(ran)))
        if len(found.filed) > MOST:
            raise TooManyRows
    return found


def _between(service: str, begun: Mapping[str, Sequence[Deployment]], begins: str) -> dict[str, Any]:
    numbers = [it.release for several in begun.values() for it in several if it.release is not None]
    return {"service": service, "begins": begins, "since": min(numbers) - 1, "until": max(numbers)}


def _key(asked: Mapping[str, Mapping[str, Any]]) -> AskedServices:
    return AskedServices(json.dumps([*asked.values()]))


def brought_commits(begun: Begun, rows: CommitRows) -> Iterator[BroughtCommits]:
    """By service and environment, in the order of `begun`."""
    newest = {it[:2]: it.release for it in rows.last if it.release is not None}
    ran = defaultdict[tuple[str, str], set[str]](set)
    for each in rows.ran:
        newest[each[:2]] = max(each.release, newest.get(each[:2], 0))
        ran[each[:2]].add(each.source_commit)
    filed = defaultdict[str, list[CountedRelease]](list)
    for row in sorted(rows.filed, key=lambda it: it.id):
        at = committed_at(row.document or "") if row.committed_at is None else row.committed_at
        filed[row.service].append(CountedRelease(row.id, row.source_commit, at))
    for service, by in begun.items():
        for name, several in by.items():
            yield from brought(several, filed[service], newest.get((service, name)), ran[service, name])
