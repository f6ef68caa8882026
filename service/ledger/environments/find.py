"""Finds the places that a text may mean: by their names, and by the version that they name."""

from typing import NamedTuple

from ...database.query import query
from ...database.tables import Place


class PlaceText(NamedTuple):
    """`text` twice as it is, and once after any namespace; it has neither `%` nor `_`."""

    begins: str
    ends: str
    version: str
    limit: int


class PlaceHit(NamedTuple):
    """`version`: what runs, or failed to."""

    environment: str
    place: str
    service: str | None
    version: str | None


_places = query(
    lambda begins, ends, version, limit: Place.raw(
        "SELECT environment, place, service, version FROM place"
        " WHERE place LIKE {} OR place LIKE {} OR lower(version) LIKE {} ORDER BY environment, place LIMIT {}",
        begins,
        ends,
        version,
        limit,
    ),
    takes=PlaceText,
    gives=PlaceHit,
)


async def find_places(text: str, limit: int) -> list[PlaceHit]:
    """`text`: the beginning of a place, of its name without namespace, or of a version; lower-case letters, digits,
    dots, dashes and a slash."""
    return await _places(PlaceText(f"{text}%", f"%/{text}%", f"{text}%", limit))
