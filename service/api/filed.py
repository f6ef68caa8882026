"""The releases that were filed."""

from litestar import get
from msgspec import Struct
from msgspec.json import Encoder

from ..domain.waybill import Gitops, Waybill
from ..errors import NotFound
from ..http.answer import ReadyJson
from ..ledger.arrivals.list import Interval
from ..ledger.releases import read as filed
from ..ledger.releases.file import Receipt
from .parameters import Limit, NumberCursor, OfService, ServiceName, Version, WithDigest

encode = Encoder().encode


class FiledRelease(Waybill, frozen=True, kw_only=True):
    """The waybill as it was first filed, and its receipt."""

    receipt: Receipt


class FiledReleases(Struct, frozen=True):
    items: list[FiledRelease]
    next: str | None


class WholeRelease(FiledRelease, frozen=True, kw_only=True):
    """With every proposal that was filed for it, oldest first, and its newest 200 arrivals."""

    proposals: list[Gitops]
    arrivals: list[Interval]


@get("/releases", scope="read", gives=FiledReleases, operation_id="list_releases", tags=["releases"])
async def newest(
    service: OfService = None, digest: WithDigest = None, cursor: NumberCursor = None, limit: Limit = 50
) -> ReadyJson:
    """The newest releases: each its waybill with `receipt`."""
    found = await filed.newest(service, digest, cursor, limit)
    items = b",".join([b"%b}" % _with_receipt(it.document, it.receipt) for it in found.items])
    return ReadyJson(b'{"items":[%b],"next":%b}' % (items, encode(found.next)))


@get(
    "/releases/{service:str}/{version:str}",
    scope="read",
    gives=WholeRelease,
    refuses=[404],
    operation_id="get_release",
    tags=["releases"],
)
async def one(service: ServiceName, version: Version) -> ReadyJson:
    """The waybill of a release, with its receipt, every proposal that was filed for it and its newest 200 arrivals."""
    it = await filed.whole(service, version)
    if it is None:
        raise NotFound(f"No release {version} of {service} was filed.", "GET /releases lists what was.")
    more = encode(it.proposals), encode(it.arrivals)
    return ReadyJson(b'%b,"proposals":%b,"arrivals":%b}' % (_with_receipt(it.document, it.receipt), *more))


def _with_receipt(document: str, receipt: Receipt) -> bytes:
    """The document, an object, as it was kept, with one more key, and not yet closed."""
    return b'%b,"receipt":%b' % (document[:-1].encode(), encode(receipt))
