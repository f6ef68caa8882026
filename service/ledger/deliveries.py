"""What Flux said of manifests that it gets as an artifact: kept as it comes, matched with releases when reading, so
that a release that is filed later has it, too."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ..database.query import query
from ..database.tables import Delivery as Table
from ..domain.delivery import Delivery
from .match import moment
from .page import Page, page


class Delivered(Struct, frozen=True, rename={"from_": "from"}):
    """`object`: kind/namespace/name of the object of Flux; `outcome`: fetched, applied or failed, told first at `from`
    and last at `to`. `origin`: what the artifact says that it was made of, null: Flux did not tell. `mismatched`: its
    digest is none that was filed. `message`: of a failure."""

    environment: str
    object: str
    outcome: str
    digest: str
    origin: str | None
    mismatched: bool
    from_: datetime
    to: datetime
    message: str | None


class NewDelivery(NamedTuple):
    environment: str
    sha256: str
    digest: str
    origin: str | None
    object: str
    outcome: str
    at: int
    message: str


class DeliveriesKey(NamedTuple):
    """`id`: after which a page begins."""

    release: int
    origin: str
    id: int
    limit: int


class DeliveryRow(NamedTuple):
    """Several that say the same; `filed` null: no digest of the release."""

    id: int
    environment: str
    object: str
    outcome: str
    digest: str
    origin: str | None
    filed: str | None
    begins: int
    ends: int
    message: str


class _MadeOf(Struct):
    tag: str = ""
    release_commit: str = ""


class _OfSource(Struct):
    source: _MadeOf


_decode = msgspec.json.Decoder(_OfSource).decode
_add = query(lambda **columns: Table.insert(Table(**columns)), takes=NewDelivery, gives=None)
_of = query(
    lambda release, origin, id, limit: Table.raw(
        "SELECT MIN(d.id) AS id, d.environment, d.object, d.outcome, d.digest, MAX(d.origin) AS origin,"
        " MAX(p.artifact) AS filed, MIN(d.at) AS begins, MAX(d.at) AS ends, MAX(d.message) AS message FROM delivery d"
        " LEFT JOIN (SELECT DISTINCT artifact FROM proposal WHERE release = {}) p ON p.artifact = d.digest"
        " WHERE d.origin = {} OR d.digest IN (SELECT artifact FROM proposal WHERE release = {})"
        " GROUP BY d.environment, d.object, d.outcome, d.digest HAVING MIN(d.id) > {} ORDER BY MIN(d.id) LIMIT {}",
        release,
        origin,
        release,
        id,
        limit,
    ),
    takes=DeliveriesKey,
    gives=DeliveryRow,
)


async def add(found: Iterable[tuple[str, str, Delivery]]) -> None:
    """Each with its event's environment and sha256; inside the transaction that takes the events."""
    rows = (
        NewDelivery(environment, sha256, it.digest, it.origin, it.object, it.outcome, it.at, it.message)
        for environment, sha256, it in found
    )
    await _add.each([*rows])


async def deliveries_of(release: int, document: str, after: int, limit: int) -> Page[Delivered]:
    """Of the release with this id and waybill, the one first that was told first; `after` the id of a page's last."""
    source = _decode(document).source
    rows = await _of(DeliveriesKey(release, f"{source.tag}@sha1:{source.release_commit}", after, limit + 1))
    return page(rows, limit, _delivered, lambda it: str(it.id))


def _delivered(it: DeliveryRow) -> Delivered:
    return Delivered(
        environment=it.environment,
        object=it.object,
        outcome=it.outcome,
        digest=it.digest,
        origin=it.origin,
        mismatched=it.filed is None,
        from_=moment(it.begins),
        to=moment(it.ends),
        message=it.message or None,
    )
