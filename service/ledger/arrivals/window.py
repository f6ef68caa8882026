"""What ran in an environment within a window of time: all of it, so that a gap in it is a gap, or its newest part."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from ...database import tables
from ...database.query import query
from ...domain.event import EPOCH, SECOND
from ...domain.state import position_at
from ..match import ARRIVAL_COLUMNS, WITH_RELEASE, ArrivalRow
from .list import Arrival, arrival_of, as_last_known, in_environment


class RunningAt(NamedTuple):
    """`position` sorts after what began until then; `at` in seconds since 1970."""

    environment: str
    position: str
    at: int


# CROSS: SQLite then begins with the places, which are few; by itself it walks all arrivals of the environment.
_running_at = query(
    lambda environment, position, at: tables.Arrival.raw(
        f"SELECT {ARRIVAL_COLUMNS} FROM place p CROSS JOIN arrival a {WITH_RELEASE}"
        " WHERE p.environment = {} AND a.environment = p.environment AND a.place = p.place"
        " AND a.position = (SELECT max(x.position) FROM arrival x"
        " WHERE x.environment = p.environment AND x.place = p.place AND x.position < {})"
        " AND (a.ended_at IS NULL OR a.ended_at > {})",
        environment,
        position,
        at,
    ),
    takes=RunningAt,
    gives=ArrivalRow,
)


class Window(Struct, frozen=True):
    """`begins` is later than the caller's where there were too many arrivals to give all."""

    begins: datetime
    arrivals: list[Arrival]


async def arrivals_between(
    environment: str, begins: datetime, ends: datetime, most: int, silent_after: int = 0
) -> Window:
    """What ran from `begins` to `ends`, in whole seconds; of what began between them the newest `most`."""
    newest = await in_environment(environment, cursor=f"{_position(ends)}.", limit=most, silent_after=silent_after)
    since = max(begins, newest.items[-1].from_) if newest.next else begins
    began_within = [it for it in newest.items if it.from_ > since]
    ran_before = await _running_at(RunningAt(environment, _position(since), (since - EPOCH) // SECOND))
    return Window(since, [*began_within, *await as_last_known([*map(arrival_of, ran_before)], silent_after)])


def _position(moment: datetime) -> str:
    """Sorts after everything until the end of that second."""
    return position_at(max(0, (moment - EPOCH) // SECOND) + 1)
