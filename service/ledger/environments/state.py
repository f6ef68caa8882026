"""What runs where now: the kept state of each place, in one read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ...database.query import query
from ...database.tables import Environment, Place
from ...domain.state import State
from ..match import RELEASE_COLUMNS, WITH_RELEASE, Release, filed_release, moment, name_in, release_of
from ..page import Page, page
from ..rows import EnvironmentKey


class Attempt(Struct, frozen=True):
    """The latest version that failed to run since the running one began. `outcome`: failed | rolled back."""

    version: str
    outcome: str
    at: datetime
    message: str


class PlaceState(Struct, frozen=True):
    """How one place stands. `release` null: its first install failed. `health`: healthy | failing | unknown."""

    service: str
    place: str
    health: str
    since: datetime | None
    basis: str | None
    release: Release | None
    attempt: Attempt | None


class EnvironmentState(Struct, frozen=True):
    """What runs in an environment, or ran at `at`. `last_confirmed_at`: when its newest event or snapshot came."""

    environment: str
    at: datetime
    last_confirmed_at: datetime
    services: list[PlaceState]


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


class RunningRow(NamedTuple):
    """A place with its State, as JSON, and what runs there; `version` None: nothing does."""

    place: str
    state: str
    version: str | None
    reported: str | None
    filed_service: str | None
    published: str | None
    document: str | None


PIECE = 250  # places that are read at a time, in some 10 ms
MOST_PLACES = 6000  # of one answer, which has then some 3 MB
decode_state = msgspec.json.Decoder(State).decode

_one = query(
    lambda environment: Environment.select(Environment.id, Environment.environment, Environment.confirmed_at).where(
        Environment.environment == environment
    ),
    takes=EnvironmentKey,
    gives=EnvironmentRow,
)
_several = query(
    lambda id, limit: Environment.raw(
        "SELECT id, environment, confirmed_at FROM environment WHERE id > {} ORDER BY id LIMIT {}", id, limit
    ),
    takes=EnvironmentsAfter,
    gives=EnvironmentRow,
)
_running = query(
    lambda environment, place, limit: Place.raw(
        f"SELECT p.place, p.state, {RELEASE_COLUMNS} FROM place p"
        " LEFT JOIN arrival a ON a.environment = p.environment AND a.place = p.place AND a.ended_at IS NULL"
        f" {WITH_RELEASE} WHERE p.environment = {{}} AND p.place > {{}} ORDER BY p.place LIMIT {{}}",
        environment,
        place,
        limit,
    ),
    takes=PlacesAfter,
    gives=RunningRow,
)


async def last_confirmed(environment: str) -> datetime | None:
    """None: it never reported."""
    rows = await _one(EnvironmentKey(environment))
    return rows[0].confirmed_at if rows else None


async def state_of(environment: str) -> EnvironmentState | None:
    """What runs now; None for an environment that never reported."""
    confirmed_at = await last_confirmed(environment)
    return await _state(environment, confirmed_at) if confirmed_at else None


async def states(cursor: str | None = None, limit: int = 50) -> Page[EnvironmentState]:
    """Every environment, in the order in which they first reported; fewer than `limit` where they have MOST_PLACES
    together."""
    rows = await _several(EnvironmentsAfter(int(cursor or 0), limit + 1))
    states, number = dict[int, EnvironmentState](), 0
    for it in rows[:limit]:
        if number >= MOST_PLACES:
            break
        states[it.id] = state = await _state(it.environment, it.confirmed_at)
        number += len(state.services)
    return page(rows, len(states), lambda it: states[it.id], lambda it: str(it.id))


async def count() -> int:
    """How many environments have reported."""
    number: int = await Environment.count()
    return number


async def _state(environment: str, confirmed_at: datetime) -> EnvironmentState:
    states = list[PlaceState | None]()
    place: str | None = ""
    while place is not None:
        rows = await _running(PlacesAfter(environment, place, PIECE))
        states += [await _place_state(it) for it in rows]
        place = rows[-1].place if len(rows) == PIECE else None
    return EnvironmentState(environment, datetime.now(UTC), confirmed_at, in_order(states))


def in_order(states: Iterable[PlaceState | None]) -> list[PlaceState]:
    return sorted((it for it in states if it is not None), key=lambda it: (it.service, it.place))


async def _place_state(it: RunningRow) -> PlaceState | None:
    state = decode_state(it.state)
    if it.version is None:
        return await place_state(it.place, state)
    release = release_of(it.filed_service, it.version, it.reported, it.published, it.document)
    return _made(it.place, state, it.filed_service, release)


async def place_state(place: str, state: State) -> PlaceState | None:
    """None: nothing runs at `place`, and nothing failed to."""
    named = state.running or state.attempt
    if named is None:
        return None
    filed = await filed_release(named.service, place, named.chart, named.version)
    release = None
    if running := state.running:
        release = release_of(filed.filed_service, running.version, running.oci_digest, filed.published, filed.document)
    return _made(place, state, filed.filed_service or named.service, release)


def _made(place: str, state: State, service: str | None, release: Release | None) -> PlaceState:
    running, attempt = state.running, state.attempt
    return PlaceState(
        service=service or (running and running.service) or name_in(place),
        place=place,
        health=state.health,
        since=moment(running.since) if running else None,
        basis=running.basis if running else None,
        release=release,
        attempt=Attempt(attempt.version, attempt.outcome, moment(attempt.at), attempt.message) if attempt else None,
    )
