"""Reads what was filed: one release with all that is known of it, and the newest ones.

A waybill is kept, and given, as the JSON that it came as.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Raw, Struct
from msgspec.structs import replace
from piccolo.query.base import Query

from ...database import tables
from ...database.query import compiled
from ..arrivals.list import FEW, Arrival
from ..match import FILED, identify, moment
from ..page import Page, page
from .file import Receipt


class Record(Struct, frozen=True):
    """A release: the waybill as it was first filed, and its receipt."""

    document: str
    receipt: Receipt


class FullRecord(Record, frozen=True):
    """With every `gitops` part that was filed for it, oldest first, and its newest 200 arrivals."""

    proposals: list[Raw]
    arrivals: list[Arrival]


Release = tables.Release
COLUMNS = "document, id, service, version, recorded_at, sha256"  # what `_record` reads
FIRST = 2**63 - 1  # sorts after every id
MOST = 200  # arrivals that are given with a release
_WITH_DIGEST = "(image_digest = {} OR chart_digest = {})"


def _before(condition: str, *values: Any) -> Query[Any, Any]:
    """The newest first; `values` end with the id to stay below, and the limit."""
    return Release.raw(
        f"SELECT {COLUMNS} FROM release WHERE {condition} AND id < {{}} ORDER BY id DESC LIMIT {{}}", *values
    )


# One question, since asking costs more than finding: a row for each proposal, or one without, then one for
# each arrival.
_whole = compiled(
    lambda service, version, limit: Release.raw(
        "SELECT r.document, r.id, r.service, r.version, r.recorded_at, r.sha256, p.id AS proposal, p.part,"
        " NULL AS position, NULL AS environment, NULL AS place, NULL AS started_at, NULL AS ended_at, NULL AS basis,"
        " NULL AS ended_by, NULL AS mismatched"
        " FROM release r LEFT JOIN proposal p ON p.release = r.id WHERE r.service = {} AND r.version = {}"
        " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.* FROM (SELECT a.position, a.environment,"
        " a.place, a.started_at, a.ended_at, a.basis, a.ended_by, a.chart_digest <> r.chart_digest"
        " FROM release r JOIN arrival a ON (a.service = r.service AND a.version = r.version)"
        " OR (a.chart = r.chart_name AND a.version = r.version)"
        f" WHERE r.service = {{}} AND r.version = {{}} AND {FILED} = r.id"
        f" ORDER BY {FEW} DESC, a.environment DESC LIMIT {{}}) b",
        *(service, version) * 2,
        limit,
    )
)
_newest = compiled(lambda before, limit: _before("1 = 1", before, limit))
_of_service = compiled(lambda service, before, limit: _before("service = {}", service, before, limit))
_with_digest = compiled(lambda digest, before, limit: _before(_WITH_DIGEST, digest, digest, before, limit))
_of_service_with_digest = compiled(
    lambda service, digest, before, limit: _before(
        f"service = {{}} AND {_WITH_DIGEST}", service, digest, digest, before, limit
    )
)


async def full_record(service: str, version: str) -> FullRecord | None:
    """None: no such release was filed."""
    rows = await _whole(service, version, MOST)
    if not rows:
        return None
    it = _record(rows[0][:6])
    proposals = sorted(tuple(row[6:8]) for row in rows if row[7])
    arrivals = _arrivals(it, sorted((tuple(row[8:]) for row in rows if row[8]), key=_position, reverse=True))
    return FullRecord(it.document, it.receipt, [Raw(part.encode()) for _, part in proposals], arrivals)


async def newest(
    service: str | None = None, digest: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Record]:
    """The newest releases, of one service or of all, with this image or chart digest or with any."""
    before, more = int(cursor) if cursor else FIRST, limit + 1
    if service and digest:
        rows = await _of_service_with_digest(service, digest, before, more)
    elif service:
        rows = await _of_service(service, before, more)
    elif digest:
        rows = await _with_digest(digest, before, more)
    else:
        rows = await _newest(before, more)
    return page(rows, limit, _record, lambda row: str(row[1]))


def _record(row: Sequence[Any]) -> Record:
    document, *receipt = row
    return Record(document, Receipt(*receipt))


def _position(row: Sequence[Any]) -> tuple[str, str]:
    return row[0], row[1]


def _arrivals(it: Record, rows: Iterable[Sequence[Any]]) -> list[Arrival]:
    service = it.receipt.service
    release = identify(service, it.receipt.version, None, None, it.document)
    return [
        Arrival(
            environment=environment,
            place=place,
            service=service,
            release=replace(release, mismatched=True) if mismatched else release,
            from_=moment(started_at),
            until=None if ended_at is None else moment(ended_at),
            basis=basis,
            ended_by=ended_by,
        )
        for _, environment, place, started_at, ended_at, basis, ended_by, mismatched in rows
    ]
