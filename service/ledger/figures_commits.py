"""Which commits services got in their environments: those of the releases that were filed since the newest one that ran
there before."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from piccolo.query.base import Query as Built

from ..database.piccolo_conf import current
from ..database.query import Query, Row, query
from ..database.tables import Release
from ..domain.figures import BroughtCommits, CountedRelease, Deployment, brought
from .figures_rows import MOST, TooManyRows
from .releases.number_two import TEXT, committed_at

PIECE = 100  # services in an environment of which is read at a time
# So many arrivals before are looked at for the last filed release that ran, and so many releases that were filed later
# for one that ran before.
NEAR = 50
END = 2**63 - 1
Begun = Mapping[str, Mapping[str, Sequence[Deployment]]]  # of filed releases: by service, by environment


class AskedLines(NamedTuple):
    """A JSON list. Of each `service` and `environment`: `begins`, a position, and of which releases it is read: those
    numbered above `since`, until `until`; `last`: of those that were filed later, too."""

    lines: str


class LastFiledRow(NamedTuple):
    """The filed release that ran last before; None: none is known. `ran`: something did. `later`: the number of the
    last of those that were filed soon after what is asked for; None: there are not so many."""

    service: str
    environment: str
    release: int | None
    ran: bool
    later: int | None


class RanRelease(NamedTuple):
    """One that ran before."""

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
    "sqlite": "SELECT json_extract(value, '$.service') AS service, json_extract(value, '$.environment') AS environment,"
    " json_extract(value, '$.begins') AS begins, json_extract(value, '$.since') AS since,"
    " json_extract(value, '$.until') AS until, json_extract(value, '$.last') AS last FROM json_each({})",
    "postgres": "SELECT * FROM json_to_recordset({}::json)"
    " AS a (service text, environment text, begins text, since bigint, until bigint, last bigint)",
}
_BEFORE = "FROM arrival a WHERE a.service = s.service AND a.environment = s.environment AND a.position < s.begins"
_LAST_OF = (
    f"(SELECT r.id FROM (SELECT a.service, a.version, a.position {_BEFORE} ORDER BY a.position DESC LIMIT {{}}) l"
    " JOIN release r ON r.service = l.service AND r.version = l.version ORDER BY l.position DESC LIMIT 1)"
)
_LAST = (
    f"SELECT s.service, s.environment, coalesce({_LAST_OF.format(1)}, {_LAST_OF.format(NEAR)}) AS release,"
    f" EXISTS (SELECT 1 {_BEFORE}) AS ran, (SELECT n.id FROM release n"
    f" WHERE n.service = s.service AND n.id > s.until ORDER BY n.id LIMIT 1 OFFSET {NEAR}) AS later FROM s"
)
_ASKED_FOR = "r.service = s.service AND r.id > s.since AND r.id <= s.until"
_RELEASE = "o.id AS release, o.source_commit"
_RAN_BEFORE = (
    "EXISTS (SELECT 1 FROM arrival b WHERE b.service = o.service AND b.version = o.version"
    " AND b.environment = {} AND b.position < s.begins)"
)


def _releases(engine: str, more: str = "", **where: str) -> str:
    """The FROM and WHERE of each line with its releases, in this order of tables: PostgreSQL would rather read all
    releases once than a few for each, SQLite does as it is told."""
    if engine == "sqlite":
        tables = "".join(f" CROSS JOIN release {it}" for it in where)
        return f"FROM s{tables}{more} WHERE {' AND '.join(where.values())}"
    each = " CROSS JOIN LATERAL (SELECT * FROM release {0} WHERE {1} OFFSET 0) {0}"
    return f"FROM s{''.join(each.format(*it) for it in where.items())}{more} WHERE TRUE"


def _filed_of(engine: str) -> str:
    return (
        f"SELECT r.service, r.id, r.source_commit, r.committed_at, CASE WHEN r.committed_at IS NULL THEN {TEXT} END"
        f" AS document {_releases(engine, r=_ASKED_FOR)} LIMIT {MOST + 1}"
    )


def _newer_of(engine: str) -> str:
    later = _releases(engine, o="o.service = s.service AND o.id > s.since AND o.id <= s.last")
    return f"SELECT s.service, s.environment, {_RELEASE} {later} AND {_RAN_BEFORE.format('s.environment')}"


def _older_of(engine: str) -> str:
    """Of the same commit as one that is asked for."""
    same = "o.source_commit = r.source_commit AND o.id < r.id AND o.service || '' = r.service"
    pairs = _releases(engine, " CROSS JOIN environment e", r=_ASKED_FOR, o=same)
    return f"SELECT s.service, e.environment, {_RELEASE} {pairs} AND {_RAN_BEFORE.format('e.environment')}"


def _build(sql: str, lines: Any) -> Built[Any, Any]:
    return Release.raw(sql, lines)


def _of_lines(sql_of: Callable[[str], str], gives: type[Row]) -> dict[str, Query[AskedLines, Row]]:
    """By engine."""
    return {
        engine: query(
            partial(_build, f"SELECT x.* FROM (WITH s AS MATERIALIZED ({asked}) {sql_of(engine)}) x"),
            takes=AskedLines,
            gives=gives,
        )
        for engine, asked in _ASKED.items()
    }


_last, _filed = _of_lines(lambda _: _LAST, LastFiledRow), _of_lines(_filed_of, FiledCommit)
_newer, _older = _of_lines(_newer_of, RanRelease), _of_lines(_older_of, RanRelease)


def begun_of_filed(arrived: Sequence[Deployment]) -> Begun:
    """In the order of their positions, in which they are given."""
    begun = defaultdict[str, defaultdict[str, list[Deployment]]](lambda: defaultdict(list))
    for it in arrived:
        if it.release is not None and not it.again:
            begun[it.service][it.environment].append(it)
    return begun


async def read_commits(begun: Begun, begins: str) -> CommitRows:
    """Of what began since `begins`, a position. Raises TooManyRows."""
    lines = {(service, name): _line(it, begins) for service, by in begun.items() for name, it in by.items()}
    last = await _in_pieces(_last, lines.values())
    ran, filed = dict[tuple[str, str], Any](), dict[str, dict[str, Any]]()
    for it in last:
        line = lines[it.service, it.environment]
        if it.ran:  # what it got is all that was filed since then
            since, later = it.release or 0, END if it.later is None else it.later
            ran[it.service, it.environment] = line | {"since": since, "last": later}
            line["since"] = min(line["since"], since)
        whole = filed.setdefault(it.service, line)
        whole["since"], whole["until"] = min(whole["since"], line["since"]), max(whole["until"], line["until"])
    found = [*await _in_pieces(_newer, ran.values()), *await _in_pieces(_older, filed.values())]
    return CommitRows(last, found, await _in_pieces(_filed, filed.values()))


def _line(begun: Sequence[Deployment], begins: str) -> dict[str, Any]:
    numbers, (environment, service) = [it.release for it in begun if it.release is not None], begun[0][:2]
    since, until = min(numbers) - 1, max(numbers)
    return {"service": service, "environment": environment, "begins": begins, "since": since, "until": until}


async def _in_pieces(read: Mapping[str, Query[AskedLines, Row]], lines: Iterable[dict[str, Any]]) -> list[Row]:
    asked, found = [*lines], list[Row]()
    for start in range(0, len(asked), PIECE):
        found += await read[current().engine_type](AskedLines(json.dumps(asked[start : start + PIECE])))
        if len(found) > MOST:
            raise TooManyRows
    return found


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
