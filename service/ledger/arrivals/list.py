"""What ran where, from when to when: arrivals [from, until) by environment, service, release and digest.

Newest first. The order is the position of the event that began the arrival, then the environment; no two are
alike, so the pair is the cursor. Each query takes only as many rows from an index as it gives.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from piccolo.query.base import Query

from ...database import tables
from ...database.query import Rows, compiled
from ..match import COLUMNS, FILED, WITH_RELEASE, Release, identify, moment
from ..page import Page, page

BEGINNING = "g" * 97 + "."  # sorts after every cursor: positions are digits and a to f


class Arrival(Struct, frozen=True, rename={"from_": "from"}):
    """A release ran in [from, until); until null: it still does. `basis` is that of the weaker end."""

    environment: str
    place: str
    service: str
    release: Release
    from_: datetime
    until: datetime | None
    basis: str
    ended_by: str | None


SHOWN = f"a.environment, a.place, a.service, a.started_at, a.ended_at, a.basis, a.ended_by, a.position, {COLUMNS}"
# The order of the arrivals of one release, which are few: an expression, so that no index of many is walked for it.
FEW = "a.position || ''"

_REPORTED = "SELECT a.* FROM arrival a WHERE"
# A truth value and not `= service`: PostgreSQL then expects to find many, and walks the index in order.
_OF_SERVICE = (
    "SELECT a.* FROM arrival a WHERE a.service = {} AND coalesce((SELECT x.service = a.service FROM release x"
    " WHERE x.chart_name = a.chart AND x.version = a.version ORDER BY x.id LIMIT 1), TRUE)"
)
_RELEASED = (
    f"SELECT a.* FROM release f JOIN arrival a ON a.service = f.service AND a.version = f.version WHERE f.id = {FILED}"
)
# CROSS: SQLite then begins with the releases; by itself it walks all arrivals of an environment.
_BY_CHART = (
    "SELECT a.* FROM release f CROSS JOIN arrival a WHERE a.chart = f.chart_name AND a.version = f.version"
    " AND a.service <> f.service AND NOT EXISTS (SELECT 1 FROM release x"
    " WHERE x.chart_name = f.chart_name AND x.version = f.version AND x.id < f.id)"
)


class Branch(NamedTuple):
    """One way to an arrival: a condition with its values. `key` is what the found ones are ordered by."""

    sql: str
    values: Sequence[Any]
    key: str = "a.position"


def _newest(*branches: Branch, cursor: Sequence[Any], limit: Any) -> Query[Any, Any]:
    """The newest arrivals before `cursor` that any branch finds, joined with their releases."""
    each = " UNION ALL ".join(
        f"SELECT * FROM ({it.sql} AND ({it.key}, a.environment) < ({{}}, {{}})"
        f" ORDER BY {it.key} DESC, a.environment DESC LIMIT {{}}) b{number}"
        for number, it in enumerate(branches)
    )
    return tables.Arrival.raw(
        f"SELECT {SHOWN} FROM ({each}) a {WITH_RELEASE} ORDER BY a.position DESC, a.environment DESC LIMIT {{}}",
        *(value for it in branches for value in (*it.values, *cursor, limit)),
        limit,
    )


_in_environment = compiled(
    lambda environment, position, before, limit: _newest(
        Branch(f"{_REPORTED} a.environment = {{}}", [environment]), cursor=[position, before], limit=limit
    )
)
_in_environment_of_service = compiled(
    lambda environment, service, position, before, limit: _newest(
        Branch(f"{_OF_SERVICE} AND a.environment = {{}}", [service, environment]),
        Branch(f"{_BY_CHART} AND f.service = {{}} AND a.environment = {{}}", [service, environment], FEW),
        cursor=[position, before],
        limit=limit,
    )
)
_of_service = compiled(
    lambda service, position, before, limit: _newest(
        Branch(_OF_SERVICE, [service]),
        Branch(f"{_BY_CHART} AND f.service = {{}}", [service]),
        cursor=[position, before],
        limit=limit,
    )
)
_of_image = compiled(
    lambda digest, position, before, limit: _newest(
        Branch(f"{_RELEASED} AND f.image_digest = {{}}", [digest], FEW),
        Branch(f"{_BY_CHART} AND f.image_digest = {{}}", [digest], FEW),
        cursor=[position, before],
        limit=limit,
    )
)
_of_chart = compiled(
    lambda digest, position, before, limit: _newest(
        Branch(f"{_REPORTED} a.chart_digest = {{}}", [digest]),
        Branch(f"{_RELEASED} AND a.chart_digest IS NULL AND f.chart_digest = {{}}", [digest], FEW),
        Branch(f"{_BY_CHART} AND a.chart_digest IS NULL AND f.chart_digest = {{}}", [digest], FEW),
        cursor=[position, before],
        limit=limit,
    )
)


async def in_environment(
    environment: str, service: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Arrival]:
    """What ran in an environment, of one service or of all."""
    if service is None:
        return _page(await _in_environment(environment, *_before(cursor), limit + 1), limit)
    return _page(await _in_environment_of_service(environment, service, *_before(cursor), limit + 1), limit)


async def of_service(service: str, cursor: str | None = None, limit: int = 50) -> Page[Arrival]:
    return _page(await _of_service(service, *_before(cursor), limit + 1), limit)


async def of_image(digest: str, cursor: str | None = None, limit: int = 50) -> Page[Arrival]:
    """What ran of the releases with this image digest."""
    return _page(await _of_image(digest, *_before(cursor), limit + 1), limit)


async def of_chart(digest: str, cursor: str | None = None, limit: int = 50) -> Page[Arrival]:
    """What Flux reported with this chart digest; where it reported none, the filed release's counts."""
    return _page(await _of_chart(digest, *_before(cursor), limit + 1), limit)


def _before(cursor: str | None) -> tuple[str, str]:
    position, _, environment = (cursor or BEGINNING).partition(".")
    return position, environment


def _page(rows: Rows, limit: int) -> Page[Arrival]:
    return page(rows, limit, arrival, lambda row: f"{row[7]}.{row[0]}")


def arrival(row: Sequence[Any]) -> Arrival:
    environment, place, service, started_at, ended_at, basis, ended_by, _, filed_service, *release = row
    return Arrival(
        environment=environment,
        place=place,
        service=filed_service or service,
        release=identify(filed_service, *release),
        from_=moment(started_at),
        until=None if ended_at is None else moment(ended_at),
        basis=basis,
        ended_by=ended_by,
    )
