"""What ran where, from when to when: arrivals by environment, service, release and digest.

Newest first. The order is the position of the event that began the arrival, then the environment; no two are
alike, so the pair is the cursor. Each query takes only as many rows from an index as it gives.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from piccolo.query.base import Query

from ...database import tables
from ...database.query import query
from ...domain.signature import ENVIRONMENT
from ..events.silence import silences
from ..events.statements import place_of
from ..match import ARRIVAL_COLUMNS, FEW, WITH_RELEASE, ArrivalRow, Release, moment, overridden_in, release_of
from ..page import Page, page
from ..releases.number_two import WITH_IMAGE
from ..rows import PlaceKey

CURSOR = re.compile(rf"[0-9a-f]{{97}}\.{ENVIRONMENT.pattern}")
BEGINNING = "g" * 97 + "."  # sorts after every cursor: positions are digits and a to f


class Arrival(Struct, frozen=True, rename={"from_": "from"}):
    """A release ran in [from, until); until null: it still does, or did at `last_known_at`, if nothing was heard since
    then that would tell. `basis` is that of the weaker end."""

    environment: str
    place: str
    service: str
    release: Release
    from_: datetime
    until: datetime | None
    basis: str
    ended_by: str | None
    last_known_at: datetime | None = None


class EnvironmentArrivals(NamedTuple):
    """`position` and `before`, an environment, are the cursor; so in each key."""

    environment: str
    position: str
    before: str
    limit: int


class EnvironmentServiceArrivals(NamedTuple):
    environment: str
    service: str
    position: str
    before: str
    limit: int


class ServiceArrivals(NamedTuple):
    service: str
    position: str
    before: str
    limit: int


class DigestArrivals(NamedTuple):
    digest: str
    position: str
    before: str
    limit: int


class Branch(NamedTuple):
    """One way to arrivals: a condition with its values. `key` is what they are ordered by."""

    sql: str
    values: Sequence[Any]
    key: str = "a.position"


_REPORTED = "SELECT a.* FROM arrival a WHERE"
_RELEASED = "SELECT a.* FROM release f JOIN arrival a ON a.service = f.service AND a.version = f.version WHERE"
# Of what was not released with it: those are found above.
_OVERRIDDEN = overridden_in("a.position")  # only what was seen there counts
_FOUND = (
    "SELECT a.* FROM (SELECT DISTINCT environment, place, position FROM image WHERE digest = {}) i JOIN arrival a"
    " ON a.environment = i.environment AND a.place = i.place AND a.position = i.position WHERE (NOT EXISTS"
    f" (SELECT 1 FROM release x WHERE x.service = a.service AND x.version = a.version AND x.id IN ({WITH_IMAGE}))"
    f" OR {_OVERRIDDEN})"
)


def _newest(*branches: Branch, cursor: Sequence[Any], limit: Any, union: str = "UNION ALL") -> Query[Any, Any]:
    """The newest arrivals before `cursor` of all branches, joined with their releases. `union`: UNION where branches
    may give the same one."""
    each = f" {union} ".join(
        f"SELECT * FROM ({it.sql} AND ({it.key}, a.environment) < ({{}}, {{}})"
        f" ORDER BY {it.key} DESC, a.environment DESC LIMIT {{}}) b{number}"
        for number, it in enumerate(branches)
    )
    return tables.Arrival.raw(
        f"SELECT {ARRIVAL_COLUMNS} FROM ({each}) a {WITH_RELEASE}"
        " ORDER BY a.position DESC, a.environment DESC LIMIT {}",
        *(value for it in branches for value in (*it.values, *cursor, limit)),
        limit,
    )


_in_environment = query(
    lambda environment, position, before, limit: _newest(
        Branch(f"{_REPORTED} a.environment = {{}}", [environment]), cursor=[position, before], limit=limit
    ),
    takes=EnvironmentArrivals,
    gives=ArrivalRow,
)
_of_service_in = query(
    lambda environment, service, position, before, limit: _newest(
        Branch(f"{_REPORTED} a.service = {{}} AND a.environment = {{}}", [service, environment]),
        cursor=[position, before],
        limit=limit,
    ),
    takes=EnvironmentServiceArrivals,
    gives=ArrivalRow,
)
_of_service = query(
    lambda service, position, before, limit: _newest(
        Branch(f"{_REPORTED} a.service = {{}}", [service]), cursor=[position, before], limit=limit
    ),
    takes=ServiceArrivals,
    gives=ArrivalRow,
)
_of_digest = query(
    # Whose word a digest is cannot be told from it: that one release has it as an image hides no other's chart.
    lambda digest, position, before, limit: _newest(
        Branch(f"{_RELEASED} f.id IN ({WITH_IMAGE}) AND NOT {_OVERRIDDEN}", [digest, digest], FEW),
        Branch(_FOUND, [digest, digest, digest], FEW),
        Branch(f"{_REPORTED} a.chart_digest = {{}}", [digest], FEW),
        Branch(f"{_RELEASED} a.chart_digest IS NULL AND f.chart_digest = {{}}", [digest], FEW),
        cursor=[position, before],
        limit=limit,
        union="UNION",
    ),
    takes=DigestArrivals,
    gives=ArrivalRow,
)


async def in_environment(
    environment: str, service: str | None = None, cursor: str | None = None, limit: int = 50, silent_after: int = 0
) -> Page[Arrival]:
    """What ran in an environment, of one service or of all."""
    if service is None:
        rows = await _in_environment(EnvironmentArrivals(environment, *_before(cursor), limit + 1))
    else:
        rows = await _of_service_in(EnvironmentServiceArrivals(environment, service, *_before(cursor), limit + 1))
    return await _page(rows, limit, silent_after)


async def of_service(service: str, cursor: str | None = None, limit: int = 50, silent_after: int = 0) -> Page[Arrival]:
    return await _page(await _of_service(ServiceArrivals(service, *_before(cursor), limit + 1)), limit, silent_after)


async def of_digest(digest: str, cursor: str | None = None, limit: int = 50, silent_after: int = 0) -> Page[Arrival]:
    """What ran of the releases with this image or chart digest; what Flux reported with it as the chart's; and what ran
    while an image with it was seen or intended."""
    return await _page(await _of_digest(DigestArrivals(digest, *_before(cursor), limit + 1)), limit, silent_after)


def _before(cursor: str | None) -> tuple[str, str]:
    position, _, environment = (cursor or BEGINNING).partition(".")
    return position, environment


async def _page(rows: Sequence[ArrivalRow], limit: int, silent_after: int) -> Page[Arrival]:
    found = page(rows, limit, arrival_of, lambda row: f"{row.position}.{row.environment}")
    return Page(await as_last_known(found.items, silent_after), found.next)


async def as_last_known(items: Sequence[Arrival], silent_after: int) -> list[Arrival]:
    """With `last_known_at`, where it still runs for all that is known."""
    lasting = [it for it in items if it.until is None]
    silent = await silences({it.environment for it in lasting}, silent_after)
    unheard = {name for name, it in silent.items() if it.parts}
    rows = await asyncio.gather(
        *(place_of(PlaceKey(it.environment, it.place)) for it in lasting if it.environment in unheard)
    )
    states = {(row.environment, row.place): row.state for some in rows for row in some}
    found = list[Arrival]()
    for it in items:
        known = it.until is None and it.environment in silent
        state = states.get((it.environment, it.place), "")
        since = silent[it.environment].since(it.place, state) if known else None
        found.append(replace(it, last_known_at=max(since, it.from_)) if since else it)
    return found


def mismatched(reported: str | None, published: str | None) -> bool:
    """Of chart digests."""
    return None not in (reported, published) and reported != published


def arrival_of(it: ArrivalRow) -> Arrival:
    return Arrival(
        environment=it.environment,
        place=it.place,
        service=it.service,
        release=release_of(
            it.filed_service,
            it.version,
            it.build,
            it.document,
            mismatched=mismatched(it.reported, it.published),
            overridden=bool(it.overridden),
        ),
        from_=moment(it.started_at),
        until=None if it.ended_at is None else moment(it.ended_at),
        basis=it.basis,
        ended_by=it.ended_by,
    )
