"""Since when the ledger hears of anything."""

from datetime import datetime
from typing import NamedTuple

from ..database.query import query
from ..database.tables import Event, Level
from .history_rows import Everything
from .match import moment


class FirstEvent(NamedTuple):
    received_at: datetime


class FirstLevel(NamedTuple):
    first_at: int


_event = query(lambda: Event.select(Event.received_at).order_by(Event.id).limit(1), takes=Everything, gives=FirstEvent)
_level = query(lambda: Level.select(Level.first_at).order_by(Level.id).limit(1), takes=Everything, gives=FirstLevel)


async def heard_since() -> datetime | None:
    """None: it never heard of anything."""
    told = [it.received_at for it in await _event(Everything())]
    return min([*told, *(moment(it.first_at) for it in await _level(Everything()))], default=None)
