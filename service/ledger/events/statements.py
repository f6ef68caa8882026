"""What the projection reads and writes: `environment`, `place`, `arrival`, `image` and `history`."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from ...database.query import query
from ...database.tables import Arrival, ArrivalImage, Environment, History, Place
from ...domain.name_range import NameRange
from ...domain.occurrence import Evidence
from ..rows import EnvironmentKey, PlaceKey, PlaceRow

SOURCES = {"event": "event", "late": "event", "snapshot": "snapshot", "absence": "snapshot"}  # by the basis


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


class TooManyPlaces(Exception):
    """An environment would have more places, or lists of their names, than it may."""


class Observed(NamedTuple):
    """When an observer's newest snapshot came, and how long its longest round is; None: no observer reports."""

    environment: str
    observed_at: datetime | None
    round_seconds: int | None


class KeptPlace(NamedTuple):
    """A place; `position` of what began last; `state` is domain/place's Standing, as JSON."""

    environment: str
    place: str
    position: str
    state: str
    service: str | None
    version: str | None


class PlaceAfter(NamedTuple):
    """At `position` or later, found after `after`, or later."""

    environment: str
    place: str
    position: str
    after: str


class PositionRow(NamedTuple):
    """Where an arrival began and by what, and the Standing right after it, as JSON."""

    position: str
    state: str
    began_by: str | None


class ArrivalColumns(NamedTuple):
    """The columns of `arrival` that are written."""

    environment: str
    place: str
    position: str
    state: str
    service: str
    version: str
    build: str | None
    chart_digest: str | None
    started_at: int
    ended_at: int | None
    basis: str
    ended_by: str | None
    began_by: str


class EndedArrival(NamedTuple):
    """The end of what began at `position`."""

    environment: str
    place: str
    position: str
    ended_at: int
    basis: str
    ended_by: str


class ImageColumns(NamedTuple):
    """The columns of `image`."""

    environment: str
    place: str
    position: str
    digest: str
    seen: bool
    after: str


class HistoryColumns(NamedTuple):
    """The columns of `history`."""

    environment: str
    place: str | None
    position: str
    kind: str
    at: int
    source: str
    after: str | None = None
    service: str | None = None
    version: str | None = None
    build: str | None = None
    chart_digest: str | None = None
    basis: str | None = None
    cause: str | None = None
    message: str = ""
    detail: str | None = None


class Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a row of the history tells beside its columns: `to`, what runs again after a roll back; of a proposal the
    address of the pull request, and the version that it `replaces`; of a silence the `range` of names that was silent,
    and `until` when, in seconds since 1970, of the `cluster`; without a range it was the whole environment."""

    to: str | None = None
    range: NameRange | None = None
    until: int | None = None
    cluster: str = ""
    url: str | None = None
    replaces: str | None = None


def detail_text(it: Detail | Evidence) -> str | None:
    """As JSON; None: nothing."""
    text = _encode(it).decode()
    return None if text == "{}" else text


def detail_in(text: str | None) -> Detail:
    return _decode(text or "{}")


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Detail).decode
observe = query(
    lambda environment, observed_at, round_seconds: Environment.update(
        {Environment.observed_at: observed_at, Environment.round_seconds: round_seconds}
    ).where(Environment.environment == environment),
    takes=Observed,
    gives=None,
)
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
    lambda environment, place: Place.select(
        Place.environment, Place.place, Place.position, Place.state, Place.service, Place.version
    ).where((Place.environment == environment) & (Place.place == place)),
    takes=PlaceKey,
    gives=KeptPlace,
)
keep_place = query(
    lambda **columns: Place.insert(Place(**columns)).on_conflict(
        target=(Place.environment, Place.place),
        action="DO UPDATE",
        values=[Place.position, Place.state, Place.service, Place.version],
    ),
    takes=KeptPlace,
    gives=None,
)
begin = query(lambda **columns: Arrival.insert(Arrival(**columns)), takes=ArrivalColumns, gives=None)
end = query(
    lambda environment, place, position, ended_at, basis, ended_by: Arrival.update(
        {Arrival.ended_at: ended_at, Arrival.basis: basis, Arrival.ended_by: ended_by}
    ).where((Arrival.environment == environment) & (Arrival.place == place) & (Arrival.position == position)),
    takes=EndedArrival,
    gives=None,
)
last_before = query(
    lambda environment, place, position: (
        Arrival.select(Arrival.position, Arrival.state, Arrival.began_by)
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
    many=True,
)
tell = query(lambda **columns: History.insert(History(**columns)), takes=HistoryColumns, gives=None)
keep_image = query(
    lambda **columns: ArrivalImage.insert(ArrivalImage(**columns)).on_conflict(
        target=(
            ArrivalImage.environment,
            ArrivalImage.place,
            ArrivalImage.position,
            ArrivalImage.digest,
            ArrivalImage.seen,
        ),
        action="DO NOTHING",
    ),
    takes=ImageColumns,
    gives=None,
)
delete_images_from = query(
    lambda environment, place, position, after: ArrivalImage.delete().where(
        (ArrivalImage.environment == environment)
        & (ArrivalImage.place == place)
        & (ArrivalImage.position >= position)
        & (ArrivalImage.after >= after)
    ),
    takes=PlaceAfter,
    gives=None,
    many=True,
)
# Not those of filings and of silence, which come `after` nothing.
delete_history_from = query(
    lambda environment, place, position: History.delete().where(
        (History.environment == environment) & (History.place == place) & (History.after >= position)
    ),
    takes=PlacePosition,
    gives=None,
    many=True,
)
