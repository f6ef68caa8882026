"""Reads what was filed: one release with all that is known of it, and the newest ones.

A waybill is kept and given as JSON.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Raw, Struct
from msgspec.structs import replace
from piccolo.query.base import Query

from ...database import tables
from ...database.piccolo_conf import current
from ...database.query import query
from ..arrivals.list import Arrival
from ..match import FEW, moment, release_of
from ..page import Page, page
from .file import Receipt
from .number_two import SHA256, TEXT, WHOLE, WITH_IMAGE, gitops_in_two, in_two

NEWEST = 2**63 - 1  # sorts after every id
MOST = 200  # arrivals that are given with a release
_WITH_DIGEST = f"r.id IN ({WITH_IMAGE} UNION SELECT c.id FROM release c WHERE c.chart_digest = {{}})"


class Record(Struct, frozen=True):
    """A release: the waybill as it was first filed, and its receipt."""

    document: str
    receipt: Receipt


class FullRecord(Record, frozen=True):
    """With every `gitops` part that was filed for it, oldest first, and its newest 200 arrivals."""

    proposals: Page[Raw]
    arrivals: Page[Arrival]


class FullKey(NamedTuple):
    """`limit` is of the arrivals."""

    service: str
    version: str
    limit: int


class FullRow(NamedTuple):
    """A release with one of its proposals, or one of its arrivals: what belongs to the other is None.

    A release without proposals has one row, in which `proposal` and `part` are None.
    """

    document: str
    id: int
    recorded_at: datetime
    sha256: str | None
    proposal: int
    part: str
    gitops: str | None
    position: str
    environment: str
    place: str
    build: str | None
    started_at: int
    ended_at: int | None
    basis: str
    ended_by: str | None
    mismatched: bool | None


class NewestReleases(NamedTuple):
    """`id`: below which a page begins; so in the other keys."""

    id: int
    limit: int


class ServiceReleases(NamedTuple):
    service: str
    id: int
    limit: int


class DigestReleases(NamedTuple):
    digest: str
    id: int
    limit: int


class ServiceDigestReleases(NamedTuple):
    service: str
    digest: str
    id: int
    limit: int


class RecordRow(NamedTuple):
    document: str
    id: int
    service: str
    version: str
    recorded_at: datetime
    sha256: str | None


def _before(condition: str, *values: Any) -> Query[Any, Any]:
    """The newest first; `values` end with the id to stay below, and the limit."""
    return tables.Release.raw(
        f"SELECT {TEXT} AS document, r.id, r.service, r.version, r.recorded_at, {SHA256} AS sha256 FROM release r"
        f" WHERE {condition} AND r.id < {{}} ORDER BY r.id DESC LIMIT {{}}",
        *values,
    )


# One statement: a round trip costs more than the search.
_RELEASE_AND_ARRIVALS = (
    f"SELECT {WHOLE} AS document, r.id, r.recorded_at, {SHA256} AS sha256, p.id AS proposal, p.part, p.gitops,"
    " NULL AS position, NULL AS environment, NULL AS place, NULL AS build, NULL AS started_at, NULL AS ended_at,"
    " NULL AS basis, NULL AS ended_by, NULL AS mismatched"
    " FROM release r LEFT JOIN proposal p ON p.release = r.id WHERE r.service = {} AND r.version = {}"
    " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.* FROM (SELECT a.position, a.environment,"
    " a.place, a.build, a.started_at, a.ended_at, a.basis, a.ended_by, a.chart_digest <> r.chart_digest"
    " FROM release r JOIN arrival a ON a.service = r.service AND a.version = r.version"
    " WHERE r.service = {} AND r.version = {}"
    f" ORDER BY {FEW} DESC, a.environment DESC LIMIT {{}}) b"
)
_full = query(
    lambda service, version, limit: tables.Release.raw(
        # Batched reads take no UNION; and SQLite knows the columns' types only without a subquery.
        f"SELECT * FROM ({_RELEASE_AND_ARRIVALS}) u" if current().engine_type == "postgres" else _RELEASE_AND_ARRIVALS,
        *(service, version) * 2,
        limit,
    ),
    takes=FullKey,
    gives=FullRow,
)
_newest = query(lambda id, limit: _before("1 = 1", id, limit), takes=NewestReleases, gives=RecordRow)
_of_service = query(
    lambda service, id, limit: _before("r.service = {}", service, id, limit), takes=ServiceReleases, gives=RecordRow
)
_with_digest = query(
    lambda digest, id, limit: _before(_WITH_DIGEST, digest, digest, digest, id, limit),
    takes=DigestReleases,
    gives=RecordRow,
)
_of_service_with_digest = query(
    lambda service, digest, id, limit: _before(
        f"r.service = {{}} AND {_WITH_DIGEST}", service, digest, digest, digest, id, limit
    ),
    takes=ServiceDigestReleases,
    gives=RecordRow,
)


async def full_record(service: str, version: str) -> FullRecord | None:
    """None: no such release was filed."""
    rows = await _full(FullKey(service, version, MOST + 1))
    first = next((it for it in rows if it.document), None)
    if first is None:
        return None
    document, sha256 = in_two(first.document, first.sha256)
    receipt = Receipt(first.id, service, version, first.recorded_at, sha256)
    proposals = sorted((it for it in rows if it.part), key=attrgetter("proposal"))
    arrived = sorted((it for it in rows if it.position), key=attrgetter("position", "environment"), reverse=True)
    return FullRecord(
        document,
        receipt,
        Page([Raw(gitops_in_two(it.part, it.gitops)) for it in proposals], None),
        _arrivals(document, receipt, arrived),
    )


async def newest(
    service: str | None = None, digest: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Record]:
    """The newest releases, of one service or of all, with this image or chart digest or with any."""
    below, more = int(cursor) if cursor else NEWEST, limit + 1
    if service and digest:
        rows = await _of_service_with_digest(ServiceDigestReleases(service, digest, below, more))
    elif service:
        rows = await _of_service(ServiceReleases(service, below, more))
    elif digest:
        rows = await _with_digest(DigestReleases(digest, below, more))
    else:
        rows = await _newest(NewestReleases(below, more))
    return page(rows, limit, _record, lambda it: str(it.id))


def _record(it: RecordRow) -> Record:
    document, sha256 = in_two(it.document, it.sha256)
    return Record(document, Receipt(it.id, it.service, it.version, it.recorded_at, sha256))


def _arrivals(document: str, receipt: Receipt, rows: Sequence[FullRow]) -> Page[Arrival]:
    release = release_of(receipt.service, receipt.version, None, document, mismatched=False)

    def arrival(it: FullRow) -> Arrival:
        return Arrival(
            environment=it.environment,
            place=it.place,
            service=receipt.service,
            release=replace(release, build=it.build, mismatched=bool(it.mismatched)),
            from_=moment(it.started_at),
            until=None if it.ended_at is None else moment(it.ended_at),
            basis=it.basis,
            ended_by=it.ended_by,
        )

    return page(rows, MOST, arrival, lambda it: f"{it.position}.{it.environment}")
