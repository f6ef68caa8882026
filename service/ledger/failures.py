"""What failed at a place within a window of time."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from ..database.query import query
from ..database.tables import Event
from ..domain.effects import FAILURES
from ..domain.event import EPOCH, SECOND
from ..domain.reasons import event_entry
from ..domain.state import Entry
from .match import moment
from .rows import PlaceBetween

MOST = 200  # events of a place that are looked at, newest first


class DatedEvent(NamedTuple):
    body: bytes
    sha256: str
    received_at: datetime
    at: int


_events = query(
    lambda environment, place, since, until: (
        Event.select(Event.body, Event.sha256, Event.received_at, Event.at)
        .where((Event.environment == environment) & (Event.place == place))
        .where((Event.at >= since) & (Event.at <= until))
        .order_by(Event.at, ascending=False)
        .limit(MOST)
    ),
    takes=PlaceBetween,
    gives=DatedEvent,
)


class Failure(Struct, frozen=True):
    """`reason` is Flux's; `version` null: the event named none, as drift does."""

    place: str
    at: datetime
    reason: str
    version: str | None
    message: str


class FailureWindow(Struct, frozen=True):
    """`begins` is later than the caller's where there were more than MOST events."""

    begins: datetime
    failures: list[Failure]


async def failures_between(environment: str, place: str, begins: datetime, ends: datetime) -> FailureWindow:
    """Newest first, from `begins` to `ends`, in whole seconds."""
    window = PlaceBetween(environment, place, *(max(0, (it - EPOCH) // SECOND) for it in (begins, ends)))
    events = await _events(window)
    entries = [event_entry(it.body, it.sha256, it.received_at) for it in events]
    return FailureWindow(
        moment(events[-1].at) if len(events) == MOST else begins,
        [
            Failure(place, moment(it.at), it.cause, it.version, it.message)
            for it in entries
            if isinstance(it, Entry) and it.effect in FAILURES
        ],
    )
