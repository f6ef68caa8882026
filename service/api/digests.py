"""Digests: where an image or a chart ran."""

from typing import Literal

from litestar import get
from litestar.datastructures import State
from msgspec import Struct

from ..errors import NotFound
from ..ledger import digests
from ..ledger.arrivals import list as arrivals
from ..ledger.arrivals.list import Arrival
from .parameters import ArrivalCursor, Digest, Limit


class OfDigest(Struct, frozen=True):
    """`next` continues the list as `cursor`; null: this is its end. `kind` says what the digest is of; `both`: some
    say this and some that."""

    items: list[Arrival]
    next: str | None
    kind: Literal["image", "chart", "both"]


@get("/digests/{digest:str}", scope="read", refuses=[404], operation_id="get_digest", tags=["digests"])
async def get_digest(state: State, digest: Digest, cursor: ArrivalCursor = None, limit: Limit = 50) -> OfDigest:
    """The arrivals of an image, or of a chart, with this digest, newest first."""
    kind = await digests.kind_of(digest)
    if kind is None:
        raise NotFound("No release with this digest was filed, and no chart with it has arrived.")
    found = await arrivals.of_digest(digest, cursor, limit, state.settings.silent_after)
    return OfDigest(found.items, found.next, kind)
