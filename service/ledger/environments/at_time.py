"""What ran at a time in the past, as is known today: the state after the last arrival before it, continued with the
events between the two."""

from datetime import datetime

from ...database.query import query
from ...database.tables import Event
from ...domain.event import EPOCH, SECOND
from ...domain.reasons import event_entry
from ...domain.snapshot import fact_entry
from ...domain.state import NOTHING, State, position_at
from ...domain.timeline import follow
from ..events.statements import PlacePosition, last_before, places
from ..rows import EnvironmentKey, EventRow, PlaceBetween
from .state import EnvironmentState, decode_state, in_order, last_confirmed, place_state

_events_between = query(
    lambda environment, place, since, until: Event.select(Event.body, Event.sha256, Event.received_at).where(
        (Event.environment == environment) & (Event.place == place) & (Event.at >= since) & (Event.at <= until)
    ),
    takes=PlaceBetween,
    gives=EventRow,
)


async def state_at(environment: str, at: datetime) -> EnvironmentState | None:
    """None for an environment that never reported. What happened within the second of `at` counts."""
    confirmed_at = await last_confirmed(environment)
    if confirmed_at is None:
        return None
    second = max(0, (at - EPOCH) // SECOND)
    states = [
        await place_state(it.place, await _state(environment, it.place, second))
        for it in await places(EnvironmentKey(environment))
    ]
    return EnvironmentState(environment, at, confirmed_at, in_order(states))


async def _state(environment: str, place: str, second: int) -> State:
    last = await last_before(PlacePosition(environment, place, position_at(second + 1)))
    position, state = (last[0].position, decode_state(last[0].state)) if last else ("", NOTHING)
    since = state.running.since if state.running else 0
    # What only an observer saw to run has its arrival already; the rest is in events.
    facts = [
        event_entry(*event) or fact_entry(*event)
        for event in await _events_between(PlaceBetween(environment, place, since, second))
    ]
    entries = [it for it in facts if it is not None and it.seen_at is None and it.position > position]
    return follow(state, sorted(entries, key=lambda it: it.position))[1]
