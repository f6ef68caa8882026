"""In which environments two clusters have reported as one place."""

from typing import NamedTuple

from ..database.query import query
from ..database.tables import History

_SQL = (
    "SELECT e.environment FROM environment e WHERE EXISTS (SELECT 1 FROM history h WHERE h.kind = 'contested'"
    " AND h.environment = e.environment AND h.position < {{}}{})"
)


class ContestedUntil(NamedTuple):
    """A position."""

    ends: str


class ContestedKey(NamedTuple):
    ends: str
    service: str


class ContestedEnvironment(NamedTuple):
    environment: str


_any = query(lambda ends: History.raw(_SQL.format(""), ends), takes=ContestedUntil, gives=ContestedEnvironment)
_one = query(
    lambda ends, service: History.raw(_SQL.format(" AND h.service = {}"), ends, service),
    takes=ContestedKey,
    gives=ContestedEnvironment,
)


async def contested_environments(service: str | None, ends: str) -> set[str]:
    """Before `ends`, a position; of a service, or of all."""
    rows = await _any(ContestedUntil(ends)) if service is None else await _one(ContestedKey(ends, service))
    return {it.environment for it in rows}
