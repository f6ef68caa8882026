"""What failed at a place: every event since a time that told of it."""

from datetime import datetime

from msgspec import Struct

from ..database.query import query
from ..database.tables import Event
from ..domain.effects import FAILURES
from ..domain.event import EPOCH, SECOND
from ..domain.reasons import event_entry
from .match import moment
from .rows import EventRow, PlaceSince

MOST = 200  # events of a place that are looked at, newest first

_events = query(
    lambda environment, place, at: (
        Event.select(Event.body, Event.sha256, Event.received_at)
        .where((Event.environment == environment) & (Event.place == place) & (Event.at >= at))
        .order_by(Event.at, ascending=False)
        .limit(MOST)
    ),
    takes=PlaceSince,
    gives=EventRow,
)


class Failure(Struct, frozen=True):
    """`reason` is Flux's; `version` null: the event named none, as drift does."""

    place: str
    at: datetime
    reason: str
    version: str | None
    message: str


async def failures(environment: str, place: str, since: datetime) -> list[Failure]:
    """Newest first."""
    events = await _events(PlaceSince(environment, place, max(0, (since - EPOCH) // SECOND)))
    entries = [event_entry(*event) for event in events]
    return [
        Failure(place, moment(it.at), it.cause, it.version, it.message)
        for it in entries
        if it is not None and it.effect in FAILURES
    ]
