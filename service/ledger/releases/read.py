"""Reads what was filed: one release with all that is known of it, and the newest ones.

A waybill is kept and given as JSON.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Raw, Struct
from msgspec.structs import replace
from piccolo.query.base import Query as Built

from ...database import tables
from ...database.piccolo_conf import current
from ...database.query import Query, query
from ..arrivals.list import BEGINNING, Arrival, as_last_known
from ..deliveries import Delivered, deliveries_of
from ..history import FAILURES, HistoryItem, failure
from ..history_rows import HistoryRow
from ..match import FEW, RAN, moment, overridden_in, release_of
from ..page import Page, page
from .file import Receipt
from .number_two import SHA256, TEXT, WHOLE, WITH_COMMIT, WITH_IMAGE, gitops_in_two, in_two

NEWEST = 2**63 - 1  # sorts after every id
MOST = 200  # items of each list that is given with a release
# By what releases may be asked for; a value is bound as often as there are braces.
WITH = {
    "service": "r.service = {}",
    "digest": f"r.id IN ({WITH_IMAGE} UNION SELECT c.id FROM release c WHERE c.chart_digest = {{}}"
    " UNION SELECT p.release FROM proposal p WHERE p.artifact = {})",
    "commit": f"r.id IN ({WITH_COMMIT})",
}


class Record(Struct, frozen=True):
    """A release: the waybill as it was first filed, and its receipt."""

    document: str
    receipt: Receipt


class FullRecord(Record, frozen=True):
    """With every `gitops` part that was filed for it and what Flux said of its manifests, oldest first, and its newest
    arrivals and failures."""

    proposals: Page[Raw]
    deliveries: Page[Delivered]
    arrivals: Page[Arrival]
    failures: Page[HistoryItem]


class Continued(NamedTuple):
    """Where the lists inside a release go on: `next` of each."""

    proposals: str | None = None
    arrivals: str | None = None
    failures: str | None = None
    deliveries: str | None = None


FIRST = Continued()


class FullKey(NamedTuple):
    """`proposal` is the id after which proposals begin; positions and environments those before which the other lists
    do; `limit` is of each list."""

    service: str
    version: str
    proposal: int
    arrival: str
    arrived_in: str
    failure: str
    failed_in: str
    limit: int


class FullRow(NamedTuple):
    """A release, one of its proposals, one of its arrivals, or one of its failures, whose `kind` is told: what belongs
    to another is None. `delivered`: Flux said something of manifests, of whatever release."""

    document: str | None
    id: int
    recorded_at: datetime
    sha256: str | None
    chart_digest: str | None
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
    overridden: bool | None
    kind: str | None
    source: str | None
    message: str | None
    detail: str | None
    delivered: bool | None


class ReleasesKey(NamedTuple):
    """`id`: below which a page begins."""

    service: str | None
    digest: str | None
    commit: str | None
    id: int
    limit: int


class RecordRow(NamedTuple):
    document: str
    id: int
    service: str
    version: str
    recorded_at: datetime
    sha256: str | None


# One statement: a round trip costs more than the search.
_WHOLE = (
    f"SELECT {WHOLE} AS document, r.id, r.recorded_at, {SHA256} AS sha256, r.chart_digest, NULL AS proposal,"
    " NULL AS part, NULL AS gitops, NULL AS position, NULL AS environment, NULL AS place, NULL AS build,"
    " CAST(NULL AS BIGINT) AS started_at, CAST(NULL AS BIGINT) AS ended_at, NULL AS basis, NULL AS ended_by,"
    " CAST(NULL AS BOOLEAN) AS mismatched, CAST(NULL AS BOOLEAN) AS overridden, NULL AS kind, NULL AS source,"
    " NULL AS message, NULL AS detail, EXISTS (SELECT 1 FROM delivery) AS delivered"
    " FROM release r WHERE r.service = {} AND r.version = {}"
)
_PROPOSALS = (
    "SELECT NULL, NULL, NULL, NULL, NULL, p.*, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
    " NULL, NULL, NULL FROM (SELECT p.id, p.part, p.gitops FROM release r JOIN proposal p ON p.release = r.id"
    " WHERE r.service = {} AND r.version = {} AND p.id > {} ORDER BY p.id LIMIT {}) p"
)
_ARRIVALS = (
    "SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.*, NULL, NULL, NULL, NULL, NULL FROM (SELECT"
    " a.position, a.environment, a.place, a.build, a.started_at, a.ended_at, a.basis, a.ended_by,"
    f" a.chart_digest <> r.chart_digest, {overridden_in('a.position')}"
    " FROM release r JOIN arrival a ON a.service = r.service AND a.version = r.version"
    f" WHERE r.service = {{}} AND r.version = {{}} AND ({FEW}, a.environment) < ({{}}, {{}})"
    f" ORDER BY {FEW} DESC, a.environment DESC LIMIT {{}}) b"
)
_FAILURES = (
    "SELECT NULL, NULL, NULL, NULL, h.chart_digest, NULL, NULL, NULL, h.position, h.environment, h.place, h.build,"
    " h.at, NULL, h.basis, h.cause, NULL, h.overridden, h.kind, h.source, h.message, h.detail, NULL FROM"
    f" (SELECT a.*, {overridden_in(RAN)} AS overridden FROM history a"
    f" WHERE a.service = {{}} AND a.version = {{}} AND a.kind <> 'proposed' AND a.kind IN {FAILURES}"  # as its index
    " AND (a.position, a.environment) < ({}, {}) ORDER BY a.position DESC, a.environment DESC LIMIT {}) h"
)
_EVERYTHING = " UNION ALL ".join((_WHOLE, _PROPOSALS, _ARRIVALS, _FAILURES))
_full = query(
    lambda service, version, proposal, arrival, arrived_in, failure, failed_in, limit: tables.Release.raw(
        # Batched reads take no UNION; and SQLite knows the columns' types only without a subquery.
        f"SELECT * FROM ({_EVERYTHING}) u" if current().engine_type == "postgres" else _EVERYTHING,
        *(service, version),
        *(service, version, proposal, limit),
        *(service, version, arrival, arrived_in, limit),
        *(service, version, failure, failed_in, limit),
    ),
    takes=FullKey,
    gives=FullRow,
)
_releases: dict[tuple[str, ...], Query[ReleasesKey, RecordRow]] = {}


def releases_with(*named: str) -> Query[ReleasesKey, RecordRow]:
    """The newest with what the key says of these of WITH."""
    if named not in _releases:

        def build(**it: Any) -> Built[Any, Any]:
            return tables.Release.raw(
                f"SELECT {TEXT} AS document, r.id, r.service, r.version, r.recorded_at, {SHA256} AS sha256"
                f" FROM release r WHERE {''.join(f'{WITH[name]} AND ' for name in named)}r.id < {{}}"
                " ORDER BY r.id DESC LIMIT {}",
                *(it[name] for name in named for _ in range(WITH[name].count("{}"))),
                it["id"],
                it["limit"],
            )

        _releases[named] = query(build, takes=ReleasesKey, gives=RecordRow)
    return _releases[named]


async def full_record(service: str, version: str, after: Continued = FIRST, silent_after: int = 0) -> FullRecord | None:
    """None: no such release was filed."""
    begins = *_before(after.arrivals), *_before(after.failures)
    rows = await _full(FullKey(service, version, int(after.proposals or 0), *begins, MOST + 1))
    first = next((it for it in rows if it.document), None)
    if first is None or first.document is None:
        return None
    document, sha256 = in_two(first.document, first.sha256)
    receipt = Receipt(first.id, service, version, first.recorded_at, sha256)
    proposals = sorted((it for it in rows if it.part), key=attrgetter("proposal"))
    placed = sorted((it for it in rows if it.position), key=attrgetter("position", "environment"), reverse=True)
    arrivals = _arrivals(document, receipt, [it for it in placed if it.kind is None])
    deliveries = Page[Delivered]([], None)
    if first.delivered:  # most ledgers have none, and are asked once
        deliveries = await deliveries_of(receipt.id, document, int(after.deliveries or 0), MOST)
    return FullRecord(
        document,
        receipt,
        page(proposals, MOST, lambda it: Raw(gitops_in_two(it.part, it.gitops)), lambda it: str(it.proposal)),
        deliveries,
        Page(await as_last_known(arrivals.items, silent_after), arrivals.next),
        _failures(first, document, receipt, [it for it in placed if it.kind]),
    )


async def newest(
    service: str | None = None,
    digest: str | None = None,
    commit: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Record]:
    """The newest releases: of one service, with this digest (of an image, a chart or manifests), that contain this
    commit, or all."""
    key = ReleasesKey(service, digest, commit, int(cursor) if cursor else NEWEST, limit + 1)
    named = (name for name in WITH if getattr(key, name) is not None)
    return page(await releases_with(*named)(key), limit, _record, lambda it: str(it.id))


def _before(cursor: str | None) -> tuple[str, str]:
    position, _, environment = (cursor or BEGINNING).partition(".")
    return position, environment


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
            release=replace(
                release,
                build=it.build,
                mismatched=bool(it.mismatched),
                image=None if it.overridden else release.image,
                images={} if it.overridden else release.images,
            ),
            from_=moment(it.started_at),
            until=None if it.ended_at is None else moment(it.ended_at),
            basis=it.basis,
            ended_by=it.ended_by,
        )

    return page(rows, MOST, arrival, lambda it: f"{it.position}.{it.environment}")


def _failures(first: FullRow, document: str, receipt: Receipt, rows: Sequence[FullRow]) -> Page[HistoryItem]:
    def item(it: FullRow) -> HistoryItem:
        return failure(
            HistoryRow(
                environment=it.environment,
                place=it.place,
                service=receipt.service,
                version=receipt.version,
                build=it.build,
                chart_digest=it.chart_digest,
                position=it.position,
                kind=it.kind or "",
                at=it.started_at,
                source=it.source,
                basis=it.basis,
                cause=it.ended_by,
                message=it.message,
                detail=it.detail,
                state=None,
                filed_service=receipt.service,
                published=first.chart_digest,
                document=document,
                overridden=bool(it.overridden),
            )
        )

    return page(rows, MOST, item, lambda it: f"{it.position}.{it.environment}")
