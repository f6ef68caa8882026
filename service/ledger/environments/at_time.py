"""What ran at a time gone by, with today's knowledge: the state after the last arrival until then, and what was said
between the two."""

from datetime import datetime

from ...database.query import compiled
from ...database.tables import Event, Place
from ...domain.event import EPOCH, SECOND
from ...domain.snapshot import fact_entry
from ...domain.timeline import NOTHING, State, event_entry, follow, position_at
from ..events.projection import last_before
from .state import EnvironmentState, decode_state, in_order, last_confirmed, standing

_places = compiled(lambda environment: Place.select(Place.place).where(Place.environment == environment))
_events_between = compiled(
    lambda environment, place, since, until: Event.select(Event.body, Event.sha256, Event.received_at).where(
        (Event.environment == environment) & (Event.place == place) & (Event.at >= since) & (Event.at <= until)
    )
)


async def state_at(environment: str, at: datetime) -> EnvironmentState | None:
    """None for an environment that never reported. What happened within the second of `at` counts."""
    confirmed_at = await last_confirmed(environment)
    if confirmed_at is None:
        return None
    second = max(0, (at - EPOCH) // SECOND)
    found = [await standing(place, await _state(environment, place, second)) for (place,) in await _places(environment)]
    return EnvironmentState(environment, at, confirmed_at, in_order(found))


async def _state(environment: str, place: str, second: int) -> State:
    last = await last_before(environment, place, position_at(second + 1))
    position, state = (last[0][0], decode_state(last[0][1])) if last else ("", NOTHING)
    since = state.running.since if state.running else 0
    # Whatever an observer saw to run has its arrival already, unless an event says it too.
    facts = [
        event_entry(*event) or fact_entry(*event) for event in await _events_between(environment, place, since, second)
    ]
    entries = [it for it in facts if it is not None and it.seen_at is None and it.position > position]
    return follow(state, sorted(entries, key=lambda it: it.position))[1]
