"""What runs where now: the kept standing of each place, in one read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from ...database.query import query
from ...database.tables import Environment, Place
from ...domain.event import seconds_of
from ...domain.place import OlderRules, standing_in
from ..events.silence import silence_of
from ..events.unread import UnreadBodies, unread_of
from ..match import FiledRow
from ..page import Page, page
from ..releases.number_two import TEXT
from ..rows import EnvironmentKey
from .place import PlaceState, place_state


class EnvironmentState(Struct, frozen=True):
    """What runs in an environment, or ran at `at`. `last_confirmed_at`: when its newest event or snapshot came.
    `silent_since`: nothing was heard since then, so that what is last known may not be so any more. `unread`:
    signed bodies that had no effect, by the cause."""

    environment: str
    at: datetime
    last_confirmed_at: datetime
    services: list[PlaceState]
    silent_since: datetime | None = None
    unread: list[UnreadBodies] = []


class EnvironmentsAfter(NamedTuple):
    id: int
    limit: int


class PlacesAfter(NamedTuple):
    """`place`: after which a piece of the environment's places begins."""

    environment: str
    place: str
    limit: int


class EnvironmentRow(NamedTuple):
    id: int
    environment: str
    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None


class StandingRow(NamedTuple):
    """A place with its Standing, as JSON, and the filed release of what it names, if there is one."""

    place: str
    state: str
    filed_service: str | None
    published: str | None
    document: str | None


MOST = 200  # environments that are looked at together
PIECE = 250  # places that are read at a time, in some 10 ms
MOST_PLACES = 6000  # of one answer, which has then some 3 MB

_COLUMNS = "id, environment, confirmed_at, observed_at, round_seconds"
_one = query(
    lambda environment: Environment.raw(f"SELECT {_COLUMNS} FROM environment WHERE environment = {{}}", environment),
    takes=EnvironmentKey,
    gives=EnvironmentRow,
)
_several = query(
    lambda id, limit: Environment.raw(
        f"SELECT {_COLUMNS} FROM environment WHERE id > {{}} ORDER BY id LIMIT {{}}", id, limit
    ),
    takes=EnvironmentsAfter,
    gives=EnvironmentRow,
)
STANDING = (
    f"SELECT p.place, p.state, r.service AS filed_service, r.chart_digest AS published, {TEXT} AS document FROM place p"
    " LEFT JOIN release r ON r.service = p.service AND r.version = p.version"
)
_standing = query(
    lambda environment, place, limit: Place.raw(
        f"{STANDING} WHERE p.environment = {{}} AND p.place > {{}} ORDER BY p.place LIMIT {{}}",
        environment,
        place,
        limit,
    ),
    takes=PlacesAfter,
    gives=StandingRow,
)


async def environment_row(environment: str) -> EnvironmentRow | None:
    """None: it never reported."""
    rows = await _one(EnvironmentKey(environment))
    return rows[0] if rows else None


async def state_of(environment: str, silent_after: int = 0) -> EnvironmentState | None:
    """What runs now; None for an environment that never reported."""
    row = await environment_row(environment)
    return await _state(row, silent_after) if row else None


async def states(cursor: str | None = None, limit: int = 50, silent_after: int = 0) -> Page[EnvironmentState]:
    """Every environment, in the order in which they first reported; fewer than `limit` where they have MOST_PLACES
    together."""
    rows = await _several(EnvironmentsAfter(int(cursor or 0), limit + 1))
    states, number = dict[int, EnvironmentState](), 0
    for it in rows[:limit]:
        if number >= MOST_PLACES:
            break
        states[it.id] = state = await _state(it, silent_after)
        number += len(state.services)
    return page(rows, len(states), lambda it: states[it.id], lambda it: str(it.id))


async def first(silent_after: int) -> Page[EnvironmentState]:
    """Those that are looked at together."""
    return await states(limit=MOST, silent_after=silent_after)


async def count() -> int:
    """How many environments have reported."""
    number: int = await Environment.count()
    return number


async def _state(it: EnvironmentRow, silent_after: int) -> EnvironmentState:
    now = datetime.now(UTC)
    silence = await silence_of(it.environment, it, now, silent_after)
    states, place = list[PlaceState | None](), ""
    while True:
        rows = await _standing(PlacesAfter(it.environment, place, PIECE))
        states += [
            await place_of(row, seconds_of(now), silence.since(row.place, row.state) is not None) for row in rows
        ]
        if len(rows) < PIECE:
            break
        place = rows[-1].place
    unread = await unread_of(it.environment)
    return EnvironmentState(it.environment, now, it.confirmed_at, in_order(states), silence.whole, unread)


def in_order(states: Iterable[PlaceState | None]) -> list[PlaceState]:
    return sorted((it for it in states if it is not None), key=lambda it: (it.service, it.place))


async def place_of(it: StandingRow, at: int, silent: bool) -> PlaceState | None:
    standing = standing_in(it.state)
    if standing is None:
        raise OlderRules
    lanes = standing.open
    heard = max((each.high for each in lanes), default=at)  # a sender's clock may be somewhat ahead
    filed = FiledRow(it.filed_service, it.published, it.document)
    return await place_state(it.place, lanes, max(at, heard), silent, filed)
