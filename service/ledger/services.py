"""Which services there are: those of filed releases, and those that arrived or tried to."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from ..database.query import query
from ..database.tables import Arrival, Place, Release
from .page import Page, page
from .rows import Id, ServiceKey


class ServicePlaces(Struct, frozen=True):
    """In how many places of an environment a service runs, or failed to."""

    environment: str
    places: int


class ServiceSummary(Struct, frozen=True):
    """`newest`: the version that was filed last, at `recorded_at`; null: none was."""

    service: str
    newest: str | None
    recorded_at: datetime | None
    environments: list[ServicePlaces]


class ServicesAfter(NamedTuple):
    service: str
    limit: int


class ServiceRange(NamedTuple):
    """Both included."""

    first: str
    last: str


class ServiceName(NamedTuple):
    service: str


class NewestRelease(NamedTuple):
    service: str
    version: str
    recorded_at: datetime


class PlaceCountRow(NamedTuple):
    service: str
    environment: str
    places: int


# From each name to the next by an index: to read all rows of a service for its name alone would cost with their number.
_NEXT = (
    "(SELECT min(m.name) FROM (SELECT (SELECT min(x.service) FROM release x WHERE x.service > {0}) AS name"
    " UNION ALL SELECT (SELECT min(x.service) FROM arrival x WHERE x.service > {0})"
    " UNION ALL SELECT (SELECT min(x.service) FROM place x WHERE x.service > {0})) m)"
)
_names = query(
    lambda service, limit: Release.raw(
        f"SELECT * FROM (WITH RECURSIVE s(service) AS (SELECT {_NEXT.format('{}')} UNION ALL"
        f" SELECT {_NEXT.format('s.service')} FROM s WHERE s.service IS NOT NULL)"
        " SELECT s.service FROM s WHERE s.service IS NOT NULL LIMIT {}) x",
        *(service,) * 3,
        limit,
    ),
    takes=ServicesAfter,
    gives=ServiceName,
)
_newest = query(
    lambda service: (
        Release.select(Release.service, Release.version, Release.recorded_at)
        .where(Release.service == service)
        .order_by(Release.id, ascending=False)
        .limit(1)
    ),
    takes=ServiceKey,
    gives=NewestRelease,
)
_counts = query(
    lambda first, last: Place.raw(
        "SELECT p.service, p.environment, count(*) AS places FROM place p WHERE p.service >= {} AND p.service <= {}"
        " GROUP BY p.service, p.environment ORDER BY p.service, p.environment",
        first,
        last,
    ),
    takes=ServiceRange,
    gives=PlaceCountRow,
)

_filed = query(
    lambda service: Release.select(Release.id).where(Release.service == service).limit(1), takes=ServiceKey, gives=Id
)
_arrived = query(
    lambda service: Arrival.select(Arrival.id).where(Arrival.service == service).limit(1), takes=ServiceKey, gives=Id
)
_tried = query(
    lambda service: Place.select(Place.id).where(Place.service == service).limit(1), takes=ServiceKey, gives=Id
)


async def exists(service: str) -> bool:
    """Whether something of it was filed, arrived, or tried to."""
    key = ServiceKey(service)
    return bool(await _filed(key) or await _arrived(key) or await _tried(key))


async def beginning(text: str, limit: int) -> list[str]:
    """The names that begin with `text`; without one that is `text` itself."""
    found = await _names(ServicesAfter(text, limit))
    return [it.service for it in found if it.service.startswith(text)]


async def services(cursor: str | None = None, limit: int = 50) -> Page[ServiceSummary]:
    """By name."""
    names = await _names(ServicesAfter(cursor or "", limit + 1))
    if not names:
        return Page([], None)
    shown = [it.service for it in names[:limit]]
    counted = {
        service: [ServicePlaces(it.environment, it.places) for it in some]
        for service, some in groupby(await _counts(ServiceRange(shown[0], shown[-1])), attrgetter("service"))
    }
    newest = {it.service: it for service in shown for it in await _newest(ServiceKey(service))}

    def item(it: ServiceName) -> ServiceSummary:
        filed = newest.get(it.service)
        return ServiceSummary(
            it.service,
            filed.version if filed else None,
            filed.recorded_at if filed else None,
            counted.get(it.service, []),
        )

    return page(names, limit, item, attrgetter("service"))
