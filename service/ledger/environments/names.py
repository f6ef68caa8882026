"""The names of the environments that have reported."""

from typing import NamedTuple

from ...database.query import query
from ...database.tables import Environment


class NamesLike(NamedTuple):
    """`form`: as LIKE takes it."""

    form: str
    limit: int


class EnvironmentNameRow(NamedTuple):
    environment: str


MOST = 200
# No range of names: a database may sort by the rules of a language, for which signs come before all letters.
_names = query(
    lambda form, limit: Environment.raw(
        "SELECT environment FROM environment WHERE environment LIKE {} ORDER BY id LIMIT {}", form, limit
    ),
    takes=NamesLike,
    gives=EnvironmentNameRow,
)


async def environment_names(begin: str = "") -> list[str]:
    """Those that begin so, in the order in which they first reported; at most 200. `begin` has neither `%` nor `_`."""
    return [it.environment for it in await _names(NamesLike(f"{begin}%", MOST))]
