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


Release, Proposal = tables.Release, tables.Proposal
COLUMNS = "document, id, service, version, recorded_at, sha256"  # what `filed` reads
FIRST = 2**63 - 1  # sorts after every id
_WITH_DIGEST = "(image_digest = {} OR chart_digest = {})"


def _before(condition: str, *values: Any) -> Query[Any, Any]:
    """The newest first; `values` end with the id to stay below, and the limit."""
    return Release.raw(
        f"SELECT {COLUMNS} FROM release WHERE {condition} AND id < {{}} ORDER BY id DESC LIMIT {{}}", *values
    )


_one = compiled(
    lambda service, version: Release.raw(
        f"SELECT {COLUMNS}, chart_name FROM release WHERE service = {{}} AND version = {{}}", service, version
    )
)
_proposals = compiled(
    lambda release: Proposal.select(Proposal.part).where(Proposal.release == release).order_by(Proposal.id)
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
    for *row, chart in await _one(service, version):
        it = filed(row)
        proposals = [Raw(part.encode()) for (part,) in await _proposals(it.receipt.id)]
        arrivals = await of_release(it.receipt.id, service, version, chart)
        return Whole(it.document, it.receipt, proposals, arrivals)
    return None


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
