"""Releases: the newest ones, one of them, and a new one filed."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, get, post
from litestar.params import RawBody
from msgspec import Struct
from msgspec.json import Encoder

from ..auth.guards import check_writer
from ..domain.identity import sha256
from ..domain.parse import InvalidWaybill, parse
from ..domain.waybill import Waybill
from ..errors import Conflict, NotFound, Refused, WrongMediaType
from ..http.answer import JsonBytes
from ..http.kept import UNTIL_WRITTEN, WITH_CLOCK
from ..http.telemetry import RELEASES
from ..ledger.arrivals.list import Arrival
from ..ledger.deliveries import Delivered
from ..ledger.history import HistoryItem
from ..ledger.page import Page
from ..ledger.releases import file, read
from ..ledger.releases.file import Filing, ProposedGitops, Receipt
from ..ledger.releases.read import Continued
from .parameters import (
    Limit,
    MoreArrivals,
    MoreDeliveries,
    MoreFailures,
    MoreProposals,
    NumberCursor,
    OfService,
    ServiceName,
    Version,
    WithCommit,
    WithDigest,
)

encode = Encoder().encode


class FiledRelease(Waybill, frozen=True, kw_only=True):
    """The waybill as it was first filed, and its receipt."""

    receipt: Receipt


class FiledReleases(Struct, frozen=True):
    """`next` continues the list as `cursor`; null: this is its end."""

    items: list[FiledRelease]
    next: str | None


class WholeRelease(FiledRelease, frozen=True, kw_only=True):
    """Also the proposals that were filed for it and what Flux said of its manifests, oldest first, its arrivals and its
    failures, newest first: 200 of each, which go on where `next` is given as the parameter of their name."""

    proposals: Page[ProposedGitops]
    deliveries: Page[Delivered]
    arrivals: Page[Arrival]
    failures: Page[HistoryItem]


@get("/releases", scope="read", kept=True, gives=FiledReleases, operation_id="list_releases", tags=["releases"])
async def list_releases(
    service: OfService = None,
    digest: WithDigest = None,
    commit: WithCommit = None,
    cursor: NumberCursor = None,
    limit: Limit = 50,
) -> JsonBytes:
    """The releases, newest first: each is its waybill, without `source.changes`, with `receipt`."""
    found = await read.newest(service, digest, commit, cursor, limit)
    items = b",".join([b"%b}" % _with_receipt(it.document, it.receipt) for it in found.items])
    return JsonBytes(b'{"items":[%b],"next":%b}' % (items, encode(found.next)), holds=UNTIL_WRITTEN)


@get(
    "/releases/{service:str}/{version:str}",
    scope="read",
    kept=True,
    gives=WholeRelease,
    refuses=[404],
    operation_id="get_release",
    tags=["releases"],
)
async def get_release(
    request: Request[Any, Any, Any],
    service: ServiceName,
    version: Version,
    *,
    proposals: MoreProposals = None,
    arrivals: MoreArrivals = None,
    failures: MoreFailures = None,
    deliveries: MoreDeliveries = None,
) -> JsonBytes:
    """The waybill of a release with its receipt, its proposals, its arrivals and its failures, and what Flux said of
    its manifests, where they are an artifact."""
    after = Continued(proposals, arrivals, failures, deliveries)
    it = await read.full_record(service, version, after, request.app.state.settings.silent_after)
    if it is None:
        raise NotFound(f"No release {version} of {service} was filed.", "GET /releases lists the filed releases.")
    more = encode(it.proposals), encode(it.deliveries), encode(it.arrivals), encode(it.failures)
    lists = b'"proposals":%b,"deliveries":%b,"arrivals":%b,"failures":%b' % more
    return JsonBytes(
        b"%b,%b}" % (_with_receipt(it.document, it.receipt), lists),
        holds=UNTIL_WRITTEN if all(each.until for each in it.arrivals.items) else WITH_CLOCK,
    )


@post(
    "/releases",
    scope="releases:write",
    gives=Receipt,
    takes=Waybill,
    refuses=[409, 415, 429],
    operation_id="file_release",
    tags=["releases"],
)
async def file_release(request: Request[Any, Any, Any], body: RawBody) -> JsonBytes:
    """Files a waybill, of number 2 or 1. The same release again gets the first receipt again, and its proposal is kept
    if it is new."""
    request.app.state.quotas.take(request.user.key, len(body))
    document, text = _waybill(request.headers.get("content-type", ""), body)
    check_writer(request.user, document.service)
    filed = await file.file(Filing(document, text, sha256(document), datetime.now(UTC)))
    RELEASES.labels("conflict" if filed.differs else "filed" if filed.new else "repeated").inc()
    if filed.differs:
        raise Conflict(
            f"{document.service} {document.chart.version} is already filed, as another release.",
            "A version is never used again: release under the next one.",
            differs=filed.differs,
        )
    return JsonBytes(encode(filed.receipt), 201 if filed.new else 200)


def _waybill(content_type: str, body: bytes) -> tuple[Waybill, bytes]:
    """The document, and its text as it is kept."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaType("A waybill is JSON.", "Send it with `Content-Type: application/json`.")
    try:
        return parse(body)
    except InvalidWaybill as error:
        raise Refused(
            f"The body is not a valid waybill: {error}.",
            "See /waybill.schema.json. If the release tool wrote it, the tool may be newer than this ledger.",
        ) from None


def _with_receipt(document: str, receipt: Receipt) -> bytes:
    """The document, a JSON object, as it was kept, with one more key; its closing brace is left out."""
    return b'%b,"receipt":%b' % (document[:-1].encode(), encode(receipt))
