"""What the projection reads and writes: `environment`, `place` and `arrival`, and the events of a place."""

from datetime import datetime
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Arrival, Environment, Event, Place
from ..rows import EnvironmentKey, EventRow, PlaceKey, PlaceRow, PlaceSince


class Report(NamedTuple):
    """`events` more events of an environment, the newest received at `now`."""

    environment: str
    events: int
    now: datetime


class PlacePosition(NamedTuple):
    environment: str
    place: str
    position: str


class DeletedArrival(NamedTuple):
    environment: str
    place: str
    position: str
    version: str


class PlaceCount(NamedTuple):
    number: int


class KeptPlace(NamedTuple):
    """A place after the last event that counts, at `position`; `state` is domain/state's State, as JSON."""

    environment: str
    place: str
    position: str
    state: str


class PositionRow(NamedTuple):
    """Where an arrival began, and the State right after it, as JSON."""

    position: str
    state: str


class ArrivalColumns(NamedTuple):
    """The columns of `arrival`."""

    environment: str
    place: str
    position: str
    state: str
    service: str
    chart: str | None
    version: str
    chart_digest: str | None
    started_at: int
    ended_at: int | None
    basis: str
    ended_by: str | None


class EndedArrival(NamedTuple):
    """The end of what runs at a place."""

    environment: str
    place: str
    ended_at: int
    basis: str
    ended_by: str


confirm = query(
    lambda environment, events, now: Environment.raw(
        "INSERT INTO environment (environment, events, confirmed_at) VALUES ({}, {}, {})"
        " ON CONFLICT (environment) DO UPDATE SET events = environment.events + excluded.events, confirmed_at ="
        " CASE WHEN excluded.confirmed_at > environment.confirmed_at"
        " THEN excluded.confirmed_at ELSE environment.confirmed_at END",
        environment,
        events,
        now,
    ),
    takes=Report,
    gives=None,
)
places = query(
    lambda environment: Place.select(Place.place, Place.state).where(Place.environment == environment),
    takes=EnvironmentKey,
    gives=PlaceRow,
)
place_count = query(
    lambda environment: Place.raw("SELECT count(*) AS number FROM place WHERE environment = {}", environment),
    takes=EnvironmentKey,
    gives=PlaceCount,
)
place_of = query(
    lambda environment, place: Place.select(Place.environment, Place.place, Place.position, Place.state).where(
        (Place.environment == environment) & (Place.place == place)
    ),
    takes=PlaceKey,
    gives=KeptPlace,
)
keep_place = query(
    lambda **columns: Place.insert(Place(**columns)).on_conflict(
        target=(Place.environment, Place.place),
        action="DO UPDATE",
        values=[Place.position, Place.state],
    ),
    takes=KeptPlace,
    gives=None,
)
begin = query(lambda **columns: Arrival.insert(Arrival(**columns)), takes=ArrivalColumns, gives=None)
end = query(
    lambda environment, place, ended_at, basis, ended_by: Arrival.update(
        {Arrival.ended_at: ended_at, Arrival.basis: basis, Arrival.ended_by: ended_by}
    ).where((Arrival.environment == environment) & (Arrival.place == place) & Arrival.ended_at.is_null()),
    takes=EndedArrival,
    gives=None,
)
last_before = query(
    lambda environment, place, position: (
        Arrival.select(Arrival.position, Arrival.state)
        .where((Arrival.environment == environment) & (Arrival.place == place) & (Arrival.position < position))
        .order_by(Arrival.position, ascending=False)
        .limit(1)
    ),
    takes=PlacePosition,
    gives=PositionRow,
)
delete_from = query(
    lambda environment, place, position: (
        Arrival.delete()
        .where((Arrival.environment == environment) & (Arrival.place == place) & (Arrival.position >= position))
        .returning(Arrival.environment, Arrival.place, Arrival.position, Arrival.version)
    ),
    takes=PlacePosition,
    gives=DeletedArrival,
)
events_since = query(
    lambda environment, place, at: Event.select(Event.body, Event.sha256, Event.received_at).where(
        (Event.environment == environment) & (Event.place == place) & (Event.at >= at)
    ),
    takes=PlaceSince,
    gives=EventRow,
)
