"""Reads what was filed: one release with all that is known of it, and the newest ones.

A waybill is kept, and given, as the JSON that it came as.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw, Struct
from piccolo.query.base import Query

from ..database import tables
from ..database.compiled import compiled
from .intervals import Interval, of_release
from .page import Page, page
from .releases import Receipt


class Filed(Struct, frozen=True):
    """A release: the waybill as it was first filed, and its receipt."""

    document: Raw
    receipt: Receipt


class Whole(Struct, frozen=True):
    """A release with every `gitops` part that was filed for it, oldest first, and its newest 200 arrivals."""

    document: Raw
    receipt: Receipt
    proposals: list[Raw]
    arrivals: list[Interval]


Release = tables.Release
COLUMNS = "document, id, service, version, recorded_at, sha256"  # what `filed` reads
FIRST = 2**63 - 1  # sorts after every id
_WITH_DIGEST = "(image_digest = {} OR chart_digest = {})"


def _before(condition: str, *values: Any) -> Query[Any, Any]:
    """The newest first; `values` end with the id to stay below, and the limit."""
    return Release.raw(
        f"SELECT {COLUMNS} FROM release WHERE {condition} AND id < {{}} ORDER BY id DESC LIMIT {{}}", *values
    )


# A row for each proposal, or one without.
_one = compiled(
    lambda service, version: Release.raw(
        "SELECT p.part, r.chart_name, r.document, r.id, r.service, r.version, r.recorded_at, r.sha256 FROM release r"
        " LEFT JOIN proposal p ON p.release = r.id WHERE r.service = {} AND r.version = {} ORDER BY p.id",
        service,
        version,
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


async def whole(service: str, version: str) -> Whole | None:
    """None: no such release was filed."""
    rows = await _one(service, version)
    if not rows:
        return None
    _, chart, *row = rows[0]
    it = filed(row)
    arrivals = await of_release(it.receipt.id, service, version, chart)
    return Whole(it.document, it.receipt, [Raw(part.encode()) for part, *_ in rows if part], arrivals)


async def newest(
    service: str | None = None, digest: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Filed]:
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
    return page(rows, limit, filed, lambda row: str(row[1]))


def filed(row: Sequence[Any]) -> Filed:
    document, *receipt = row
    return Filed(Raw(document.encode()), Receipt(*receipt))
