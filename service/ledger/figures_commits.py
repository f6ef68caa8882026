"""Which commits services got in their environments: those of the releases that were filed since the newest one that ran
there before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..domain.figures import ArrivedVersion, FiledCommits, brought
from .figures_lines import in_pieces, of_lines
from .figures_rows import MOST, Begun, Line
from .releases.number_two import TEXT, committed_at

# So many arrivals before are looked at for the last filed release that ran, and so many releases that were filed later
# for one that ran before.
NEAR = 50
END = 2**63 - 1


class LastFiledRow(NamedTuple):
    """The filed release that ran last before; None: none is known. `ran`: something did. `later`: the number of the
    last of those that were filed soon after what is asked for; None: there are not so many."""

    environment: str
    service: str
    release: int | None
    ran: bool
    later: int | None


class RanRelease(NamedTuple):
    """One that ran before."""

    environment: str
    service: str
    release: int
    source_commit: str


class OlderCommit(NamedTuple):
    """A commit of which a release was filed before one that is asked for. `ran`: one of it ran before; `since`: the
    first one of it since the first release that ran; None: there is none."""

    environment: str
    service: str
    source_commit: str
    ran: bool
    since: int | None


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
    older: list[OlderCommit]
    filed: list[FiledCommit]


_BEFORE = "FROM arrival a WHERE a.service = s.service AND a.environment = s.environment AND a.position < s.begins"
_LAST_OF = (
    f"(SELECT r.id FROM (SELECT a.service, a.version, a.position {_BEFORE} ORDER BY a.position DESC LIMIT {{}}) l"
    " JOIN release r ON r.service = l.service AND r.version = l.version ORDER BY l.position DESC LIMIT 1)"
)
_LAST = (
    "SELECT s.environment, s.service,"
    f" CASE WHEN s.ran THEN coalesce({_LAST_OF.format(1)}, {_LAST_OF.format(NEAR)}) END AS release,"
    " s.ran, CASE WHEN s.ran THEN (SELECT n.id FROM release n WHERE n.service = s.service AND n.id > s.until"
    f" ORDER BY n.id LIMIT 1 OFFSET {NEAR}) END AS later FROM (SELECT s.*, EXISTS (SELECT 1 {_BEFORE}) AS ran FROM s) s"
)
_ASKED_FOR = "r.service = s.service AND r.id > s.since AND r.id <= s.until"
_RAN_BEFORE = (
    "EXISTS (SELECT 1 FROM arrival b WHERE b.service = o.service AND b.version = o.version"
    " AND b.environment = {0}.environment AND b.position < {1}.begins)"
)
_OF_COMMIT = "FROM release o WHERE o.source_commit = {0}.source_commit AND o.service || '' = {0}.service"
_FIRST = (
    "SELECT f.id FROM arrival a JOIN release f ON f.service = a.service AND f.version = a.version"
    " WHERE a.service = c.service AND a.environment = e.environment AND a.position < c.begins"
    " ORDER BY a.position LIMIT 1"
)


def _releases(engine: str, name: str, where: str) -> str:
    """The FROM and WHERE of each line with its releases, in this order of tables: PostgreSQL would rather read all
    releases once than a few for each, SQLite does as it is told."""
    if engine == "sqlite":
        return f"FROM s CROSS JOIN release {name} WHERE {where}"
    return f"FROM s CROSS JOIN LATERAL (SELECT * FROM release {name} WHERE {where} OFFSET 0) {name} WHERE TRUE"


def _filed_of(engine: str) -> str:
    return (
        f"SELECT r.service, r.id, r.source_commit, r.committed_at, CASE WHEN r.committed_at IS NULL THEN {TEXT} END"
        f" AS document {_releases(engine, 'r', _ASKED_FOR)} LIMIT {MOST + 1}"
    )


def _newer_of(engine: str) -> str:
    later = _releases(engine, "o", "o.service = s.service AND o.id > s.since AND o.id <= s.last")
    return (
        f"SELECT s.environment, s.service, o.id AS release, o.source_commit {later} AND {_RAN_BEFORE.format('s', 's')}"
    )


def _older_of(engine: str) -> str:
    older = f"SELECT o.id {_OF_COMMIT.format('r')} AND o.id < r.id LIMIT 1"  # with EXISTS PostgreSQL reads all releases
    filed = f"{_releases(engine, 'r', _ASKED_FOR)} AND ({older}) IS NOT NULL"
    return (
        "SELECT e.environment, c.service, c.source_commit,"
        f" EXISTS (SELECT 1 {_OF_COMMIT.format('c')} AND {_RAN_BEFORE.format('e', 'c')}) AS ran,"
        f" (SELECT min(o.id) {_OF_COMMIT.format('c')} AND o.id >= ({_FIRST})) AS since"
        f" FROM (SELECT DISTINCT s.service, s.begins, r.source_commit {filed}) c CROSS JOIN environment e"
    )


_last, _filed = of_lines(lambda _: _LAST, LastFiledRow), of_lines(_filed_of, FiledCommit)
_newer, _older = of_lines(_newer_of, RanRelease), of_lines(_older_of, OlderCommit)


async def read_commits(begun: Begun, begins: str) -> CommitRows:
    """Of what began since `begins`, a position. Raises TooManyRows."""
    lines = {key: line for key, several in begun.items() if (line := _line(*key, several, begins))}
    last = await in_pieces(_last, lines.values())
    ran, filed = dict[Line, Any](), dict[str, dict[str, Any]]()
    for it in last:
        line = lines[it[:2]]
        if it.ran:  # what it got is all that was filed since then
            since, later = it.release or 0, END if it.later is None else it.later
            ran[it[:2]] = line | {"since": since, "last": later}
            line["since"] = min(line["since"], since)
        whole = filed.setdefault(it.service, line)
        whole["since"], whole["until"] = min(whole["since"], line["since"]), max(whole["until"], line["until"])
    newer, older = await in_pieces(_newer, ran.values()), await in_pieces(_older, filed.values())
    return CommitRows(last, newer, older, await in_pieces(_filed, filed.values()))


def _line(environment: str, service: str, begun: Sequence[ArrivedVersion], begins: str) -> dict[str, Any] | None:
    """None: no release of it was filed."""
    numbers = [it.release for it in begun if it.release is not None]
    if not numbers:
        return None
    since, until = min(numbers) - 1, max(numbers)
    return {"service": service, "environment": environment, "begins": begins, "since": since, "until": until}


def brought_commits(begun: Begun, rows: CommitRows) -> dict[Line, Iterator[Mapping[str, int]]]:
    """With each version of each line of `begun`."""
    newest = {it[:2]: it.release for it in rows.last if it.release is not None}
    ran = defaultdict[Line, set[str]](set)
    for each in rows.ran:
        newest[each[:2]] = max(each.release, newest.get(each[:2], 0))
        ran[each[:2]].add(each.source_commit)
    for it in rows.older:
        if it.ran or (it.since is not None and it.since <= newest.get(it[:2], 0)):  # it came with a later one
            ran[it[:2]].add(it.source_commit)
    filed = defaultdict[str, FiledCommits](lambda: FiledCommits([], [], []))
    for row in sorted(rows.filed, key=lambda it: it.id):
        numbers, commits, committed = filed[row.service]
        numbers.append(row.id)
        commits.append(row.source_commit)
        committed.append(committed_at(row.document or "") if row.committed_at is None else row.committed_at)
    return {line: brought(versions, filed[line[1]], newest.get(line), ran[line]) for line, versions in begun.items()}
