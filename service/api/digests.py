"""Where a digest ran, from when to when."""

from typing import Literal

from litestar import get

from ..errors import NotFound
from ..ledger import names
from ..ledger.arrivals import list as intervals
from ..ledger.arrivals.list import Interval
from ..ledger.page import Page
from .parameters import Digest, IntervalCursor, Limit


class OfDigest(Page[Interval], frozen=True):
    """`kind` says what the digest is of."""

    kind: Literal["image", "chart"]


@get("/digests/{digest:str}", scope="read", refuses=[404], operation_id="get_digest", tags=["digests"])
async def one(digest: Digest, cursor: IntervalCursor = None, limit: Limit = 50) -> OfDigest:
    """Every interval in which an image, or a chart, of this digest ran, newest first."""
    kind = await names.kind_of(digest)
    if kind is None:
        raise NotFound("No release with this digest was filed, and no chart with it has arrived.")
    found = await (intervals.of_image if kind == "image" else intervals.of_chart)(digest, cursor, limit)
    return OfDigest(found.items, found.next, kind)
