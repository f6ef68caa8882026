"""What failed at a place within a window of time."""

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
    lambda environment, place, begins, ends: (
        Event.select(Event.body, Event.sha256, Event.received_at, Event.at)
        .where((Event.environment == environment) & (Event.place == place))
        .where((Event.at >= begins) & (Event.at <= ends))
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


class FailureWindow(Struct, frozen=True):
    """`begins` is later than was asked where there were more events than are looked at."""

    begins: datetime
    failures: list[Failure]


async def failures_between(environment: str, place: str, begins: datetime, ends: datetime) -> FailureWindow:
    """Newest first, from `begins` to `ends`, in whole seconds."""
    seconds = (max(0, (it - EPOCH) // SECOND) for it in (begins, ends))
    events = await _events(environment, place, *seconds)
    entries = [event_entry(*event) for *event, _ in events]
    return FailureWindow(
        moment(events[-1][-1]) if len(events) == MOST else begins,
        [
            Failure(place, moment(it.at), it.cause, it.version, it.message)
            for it in entries
            if it is not None and it.effect in EFFECTS
        ],
    )
