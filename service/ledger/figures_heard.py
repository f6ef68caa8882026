"""Since when the ledger hears of what delivery figures count."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ..database.query import query
from ..database.tables import Arrival, Event, Level
from ..domain.state import second_of
from .history_rows import Everything
from .match import moment
from .rows import EnvironmentKey


class FirstEvent(NamedTuple):
    received_at: datetime


class FirstLevel(NamedTuple):
    first_at: int


class FirstPosition(NamedTuple):
    position: str | None


_event = query(lambda: Event.select(Event.received_at).order_by(Event.id).limit(1), takes=Everything, gives=FirstEvent)
_level = query(lambda: Level.select(Level.first_at).order_by(Level.id).limit(1), takes=Everything, gives=FirstLevel)
_first = query(
    lambda environment: Arrival.raw(
        "SELECT min(x.position) AS position FROM (SELECT min(a.position) AS position FROM arrival a WHERE"
        " a.environment = {} UNION ALL SELECT min(h.position) FROM history h WHERE h.environment = {}) x",
        *(environment, environment),
    ),
    takes=EnvironmentKey,
    gives=FirstPosition,
)


async def heard_since(environments: Iterable[str]) -> datetime | None:
    """Since when it hears of all these environments that it ever heard of, where none is given of anything. None: it
    never did."""
    told = [it.received_at for it in await _event(Everything())]
    first = min([*told, *(moment(it.first_at) for it in await _level(Everything()))], default=None)
    known = [it.position for name in environments for it in await _first(EnvironmentKey(name)) if it.position]
    return max([first, *(moment(second_of(it)) for it in known)]) if first else None
