"""The names of the environments that have reported."""

from typing import NamedTuple

from ...database.query import query
from ...database.tables import Environment


class NamesFrom(NamedTuple):
    """From `begins` on, and before `ends`."""

    begins: str
    ends: str
    limit: int


class EnvironmentNameRow(NamedTuple):
    environment: str


MOST = 200
AFTER = "~"  # sorts after every character that a name has
_names = query(
    lambda begins, ends, limit: Environment.raw(
        "SELECT environment FROM environment WHERE environment >= {} AND environment < {} ORDER BY id LIMIT {}",
        begins,
        ends,
        limit,
    ),
    takes=NamesFrom,
    gives=EnvironmentNameRow,
)


async def environment_names(begin: str = "") -> list[str]:
    """Those that begin so, in the order in which they first reported; at most 200."""
    return [it.environment for it in await _names(NamesFrom(begin, begin + AFTER, MOST))]
