"""What failed at a place: every event since a time that told of it."""

from datetime import datetime

from msgspec import Struct

from ..database.query import compiled
from ..database.tables import Event
from ..domain.event import EPOCH, SECOND
from ..domain.timeline import event_entry
from .match import moment

MOST = 200  # events of a place that are looked at, newest first
EFFECTS = ("attempted", "failing")

_events = compiled(
    lambda environment, place, since: (
        Event.select(Event.body, Event.sha256, Event.received_at)
        .where((Event.environment == environment) & (Event.place == place) & (Event.at >= since))
        .order_by(Event.at, ascending=False)
        .limit(MOST)
    )
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
    entries = [event_entry(*event) for event in await _events(environment, place, max(0, (since - EPOCH) // SECOND))]
    return [
        Failure(place, moment(it.at), it.cause, it.version, it.message)
        for it in entries
        if it is not None and it.effect in EFFECTS
    ]
