"""Which commits a service got in its environments: those of the releases that were filed since the newest one that ran
there before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ..database.query import query
from ..database.tables import Release
from ..domain.event import seconds_of
from ..domain.figures import BroughtCommits, CountedRelease, Deployment, brought
from .releases.number_two import TEXT

PIECE = 500  # releases that are read at a time
BACK = 50  # arrivals among which the last one of a filed release is looked for


class ServiceBefore(NamedTuple):
    """`begins` is a position."""

    service: str
    begins: str


class LastFiledRow(NamedTuple):
    """The filed release that ran last in an environment before; None: none is known. `ran`: something did."""

    environment: str
    release: int | None
    ran: bool


class ReleasesBetween(NamedTuple):
    service: str
    after: int
    last: int
    limit: int


class FiledCommit(NamedTuple):
    id: int
    source_commit: str
    document: str


class RanBetween(NamedTuple):
    """Before a position: of releases after one, and of older ones with a commit of those until `last`."""

    service: str
    after: int
    last: int
    begins: str


class RanCommit(NamedTuple):
    """A release that ran in an environment before, and its commit, which is also one of those that are asked for."""

    environment: str
    release: int
    source_commit: str


class _DatedSource(Struct):
    committed_at: datetime


class _Dated(Struct):
    source: _DatedSource


_dated = msgspec.json.Decoder(_Dated).decode
_last_filed = query(
    lambda service, begins: Release.raw(
        "SELECT e.environment, (SELECT r.id FROM (SELECT a.service, a.version, a.position FROM arrival a"
        " WHERE a.service = {} AND a.environment = e.environment AND a.position < {}"
        f" ORDER BY a.position DESC LIMIT {BACK}) l JOIN release r ON r.service = l.service AND r.version = l.version"
        " ORDER BY l.position DESC LIMIT 1) AS release, EXISTS (SELECT 1 FROM arrival a WHERE a.service = {}"
        " AND a.environment = e.environment AND a.position < {}) AS ran FROM environment e",
        *(service, begins) * 2,
    ),
    takes=ServiceBefore,
    gives=LastFiledRow,
)
_between = query(
    lambda service, after, last, limit: Release.raw(
        f"SELECT r.id, r.source_commit, {TEXT} AS document FROM release r"
        " WHERE r.service = {} AND r.id > {} AND r.id <= {} ORDER BY r.id LIMIT {}",
        service,
        after,
        last,
        limit,
    ),
    takes=ReleasesBetween,
    gives=FiledCommit,
)
# In this order of tables: of what ran before there may be much.
_RAN_BEFORE = (
    "SELECT e.environment, o.id AS release, o.source_commit"
    " FROM release r CROSS JOIN release o CROSS JOIN environment e"
    " WHERE r.service = {{}} AND r.id > {{}} AND {0} AND EXISTS (SELECT 1 FROM arrival b"
    " WHERE b.service = o.service AND b.version = o.version AND b.environment = e.environment AND b.position < {{}})"
)
_SAME = _RAN_BEFORE.format("o.id = r.id")
_OLDER = _RAN_BEFORE.format(
    "r.id <= {} AND o.source_commit = r.source_commit AND o.id <= {} AND o.service || '' = r.service",
)
_ran = query(
    lambda service, after, last, begins: Release.raw(
        f"SELECT * FROM ({_SAME} UNION ALL {_OLDER}) x",
        *(service, after, begins),
        *(service, after, last, after, begins),
    ),
    takes=RanBetween,
    gives=RanCommit,
)


async def brought_commits(
    service: str, begun: Mapping[str, Sequence[Deployment]], begins: str
) -> Sequence[BroughtCommits]:
    """`begun`: deployments of filed releases since `begins`, a position, in its order, by environment."""
    numbers = [it.release for several in begun.values() for it in several if it.release is not None]
    newest = dict[str, int]()
    after, last = min(numbers) - 1, max(numbers)
    for it in await _last_filed(ServiceBefore(service, begins)):
        if it.release is not None:
            newest[it.environment] = it.release
        if it.ran and it.environment in begun:
            after = min(after, it.release or 0)
    ran: dict[str, set[str]] = {it: set() for it in begun}
    for each in await _ran(RanBetween(service, after, last, begins)):
        newest[each.environment] = max(each.release, newest.get(each.environment, 0))
        ran.setdefault(each.environment, set()).add(each.source_commit)
    filed = await _filed(service, after, last)
    return [it for name, several in begun.items() for it in brought(several, filed, newest.get(name), ran[name])]


async def _filed(service: str, after: int, last: int) -> list[CountedRelease]:
    filed = list[CountedRelease]()
    while piece := await _between(ReleasesBetween(service, after, last, PIECE)):
        filed += _counted(piece)
        after = piece[-1].id
    return filed


def _counted(piece: Sequence[FiledCommit]) -> Iterator[CountedRelease]:
    for it in piece:
        at = seconds_of(_dated(it.document).source.committed_at)
        yield CountedRelease(it.id, it.source_commit, at)
