"""What ran in an environment within a stretch of time: all of it, so that a gap is one; or all of its newest part."""

from datetime import datetime

from msgspec import Struct

from ...database import tables
from ...database.query import compiled
from ...domain.event import EPOCH, SECOND
from ...domain.timeline import position_at
from ..match import WITH_RELEASE
from .list import SHOWN, Arrival, arrival, in_environment

# CROSS: SQLite then begins with the places, which are few; by itself it walks all arrivals of the environment.
_before = compiled(
    lambda position, environment, at: tables.Arrival.raw(
        f"SELECT {SHOWN} FROM place p CROSS JOIN arrival a {WITH_RELEASE}"
        " WHERE p.environment = {} AND a.environment = p.environment AND a.place = p.place"
        " AND a.position = (SELECT max(x.position) FROM arrival x"
        " WHERE x.environment = p.environment AND x.place = p.place AND x.position < {})"
        " AND (a.ended_at IS NULL OR a.ended_at > {})",
        environment,
        position,
        at,
    )
)


class Window(Struct, frozen=True):
    """`begins` is later than was asked where there was too much to give all."""

    begins: datetime
    arrivals: list[Arrival]


async def arrivals_between(environment: str, begins: datetime, ends: datetime, most: int) -> Window:
    """What ran from `begins` to `ends`, in whole seconds; of what began between them the newest `most`."""
    found = await in_environment(environment, cursor=f"{_position(ends)}.", limit=most)
    since = max(begins, found.items[-1].from_) if found.next else begins
    within = [it for it in found.items if it.from_ > since]
    before = await _before(_position(since), environment, (since - EPOCH) // SECOND)
    return Window(since, [*within, *(arrival(row) for row in before)])


def _position(moment: datetime) -> str:
    """Sorts after everything until the end of that second."""
    return position_at(max(0, (moment - EPOCH) // SECOND) + 1)
