"""How far places are behind the newest release of their service that runs anywhere, in filed releases."""

from typing import NamedTuple

from ...database.query import query
from ...database.tables import Place

COUNTED = 1000  # releases, at most


class Counting(NamedTuple):
    limit: int


class CountedPlace(NamedTuple):
    """`behind`: how many releases of the service were filed after the one that `place` names, up to the newest that a
    place names."""

    environment: str
    place: str
    service: str
    version: str
    behind: int


class FiledName(NamedTuple):
    service: str


class NoParameter(NamedTuple):
    """The key of a query without parameters."""


_NAMED = "place p JOIN release r ON r.service = p.service AND r.version = p.version"
_places = query(
    lambda limit: Place.raw(
        "SELECT p.environment, p.place, p.service, p.version, (SELECT count(*) FROM (SELECT 1 FROM release y"
        " WHERE y.service = p.service AND y.id > r.id AND y.id <= n.id LIMIT {}) b) AS behind"
        f" FROM {_NAMED} JOIN (SELECT p.service, max(r.id) AS id FROM {_NAMED} GROUP BY p.service) n"
        " ON n.service = p.service",
        limit,
    ),
    takes=Counting,
    gives=CountedPlace,
)
_filed = query(
    lambda: Place.raw(
        "SELECT s.service FROM (SELECT DISTINCT service FROM place) s"
        " WHERE EXISTS (SELECT 1 FROM release r WHERE r.service = s.service)"
    ),
    takes=NoParameter,
    gives=FiledName,
)


async def behind_newest() -> dict[tuple[str, str, str], int]:
    """By environment, place and version; only of filed releases, at most 1000."""
    found = await _places(Counting(COUNTED))
    return {(it.environment, it.place, it.version): it.behind for it in found}


async def filed_services() -> set[str]:
    """The services of places that have filed releases: of others nobody expects one."""
    return {it.service for it in await _filed(NoParameter())}
