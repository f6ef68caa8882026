"""What runs where now: one read of where each place stands after everything that was said of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from ...database.query import compiled
from ...database.tables import Environment, Place
from ...domain.timeline import State
from ..match import COLUMNS, WITH_RELEASE, Release, find, identify, moment, name_in
from ..page import Page, page


class Attempt(Struct, frozen=True):
    """The latest version that failed to run since what runs began. `outcome`: failed | rolled back."""

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
    """What runs in an environment, or ran at `at`. `last_confirmed_at`: when Flux last said anything of it."""

    environment: str
    at: datetime
    last_confirmed_at: datetime
    services: list[PlaceState]


decode_state = msgspec.json.Decoder(State).decode

_one = compiled(
    lambda environment: Environment.select(Environment.confirmed_at).where(Environment.environment == environment)
)
_several = compiled(
    lambda after, limit: Environment.raw(
        "SELECT id, environment, confirmed_at FROM environment WHERE id > {} ORDER BY id LIMIT {}", after, limit
    )
)
_places = compiled(
    lambda environment: Place.raw(
        f"SELECT p.place, p.state, {COLUMNS} FROM place p"
        " LEFT JOIN arrival a ON a.environment = p.environment AND a.place = p.place AND a.ended_at IS NULL"
        f" {WITH_RELEASE} WHERE p.environment = {{}} ORDER BY p.place",
        environment,
    )
)


async def last_confirmed(environment: str) -> datetime | None:
    """None: it never reported."""
    rows = await _one(environment)
    return rows[0][0] if rows else None


async def state_of(environment: str) -> EnvironmentState | None:
    """What runs now; None for an environment that never reported."""
    confirmed_at = await last_confirmed(environment)
    return await _state(environment, confirmed_at) if confirmed_at else None


async def states(cursor: str | None = None, limit: int = 50) -> Page[EnvironmentState]:
    """Every environment, in the order in which they first reported."""
    rows = await _several(int(cursor or 0), limit + 1)
    found = {name: await _state(name, confirmed_at) for _, name, confirmed_at in rows[:limit]}
    return page(rows, limit, lambda row: found[row[1]], lambda row: str(row[0]))


async def _state(environment: str, confirmed_at: datetime) -> EnvironmentState:
    found = [await _standing(*row) for row in await _places(environment)]
    return EnvironmentState(environment, datetime.now(UTC), confirmed_at, in_order(found))


def in_order(standings: Iterable[PlaceState | None]) -> list[PlaceState]:
    return sorted((it for it in standings if it is not None), key=lambda it: (it.service, it.place))


async def _standing(place: str, text: str, service: str | None, version: str | None, *filed: Any) -> PlaceState | None:
    state = decode_state(text)
    if version is None:
        return await standing(place, state)
    return described(place, state, service, identify(service, version, *filed))


async def standing(place: str, state: State) -> PlaceState | None:
    """How a place in `state` stands; None: nothing runs there, and nothing failed to."""
    named = state.running or state.attempt
    if named is None:
        return None
    service, filed, document = await find(named.service, place, named.chart, named.version)
    running = state.running
    release = identify(service, running.version, running.oci_digest, filed, document) if running else None
    return described(place, state, service or named.service, release)


def described(place: str, state: State, service: str | None, release: Release | None) -> PlaceState:
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
