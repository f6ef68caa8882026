"""The releases that were filed."""

from typing import Any

import msgspec
from litestar import get
from litestar.response import Response

from ..errors import NotFound
from ..ledger import filed
from .parameters import Limit, NumberCursor, OfService, ServiceName, Version, WithDigest

JSON = "application/json"
encode = msgspec.json.encode


@get("/releases", scope="read", operation_id="list_releases", tags=["releases"])
async def newest(
    service: OfService = None, digest: WithDigest = None, cursor: NumberCursor = None, limit: Limit = 50
) -> Response[bytes]:
    """The newest releases: each its waybill with `receipt`."""
    found = await filed.newest(service, digest, cursor, limit)
    items = b",".join(_with(it.document, receipt=it.receipt) for it in found.items)
    return Response(b'{"items":[%b],"next":%b}' % (items, encode(found.next)), media_type=JSON)


@get("/releases/{service:str}/{version:str}", scope="read", operation_id="get_release", tags=["releases"])
async def one(service: ServiceName, version: Version) -> Response[bytes]:
    """The waybill of a release, with its receipt, every proposal that was filed for it and its newest 200 arrivals."""
    it = await filed.whole(service, version)
    if it is None:
        raise NotFound(f"No release {version} of {service} was filed.", "GET /releases lists what was.")
    more = {"receipt": it.receipt, "proposals": it.proposals, "arrivals": it.arrivals}
    return Response(_with(it.document, **more), media_type=JSON)


def _with(document: msgspec.Raw, **more: Any) -> bytes:
    """The document, an object, as it was kept, with more keys."""
    return bytes(document).rstrip()[:-1] + b"," + encode(more)[1:]
