"""How one service stands in each environment where it is."""

from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from ...database.query import query
from ...database.tables import Place
from ...domain.event import seconds_of
from ..events.silence import Hearing, silence_of
from ..rows import ServiceKey
from .state import STANDING, EnvironmentState, StandingRow, in_order, place_of


class ServiceStandingRow(NamedTuple):
    """As StandingRow, with its environment, and when that was heard of."""

    environment: str
    confirmed_at: datetime
    observed_at: datetime | None
    round_seconds: int | None
    place: str
    state: str
    filed_service: str | None
    published: str | None
    document: str | None


_standing = query(
    lambda service: Place.raw(
        "SELECT e.environment, e.confirmed_at, e.observed_at, e.round_seconds, s.place, s.state, s.filed_service,"
        f" s.published, s.document FROM ({STANDING.replace('SELECT ', 'SELECT p.environment, ', 1)}"
        " WHERE p.service = {}) s JOIN environment e ON e.environment = s.environment ORDER BY e.id, s.place",
        service,
    ),
    takes=ServiceKey,
    gives=ServiceStandingRow,
)


async def service_states(service: str, silent_after: int) -> dict[str, EnvironmentState]:
    """The environments in the order in which they first reported, each with this service's places alone."""
    now, found = datetime.now(UTC), dict[str, EnvironmentState]()
    for environment, some in groupby(await _standing(ServiceKey(service)), attrgetter("environment")):
        rows = list(some)
        hearing = Hearing(rows[0].confirmed_at, rows[0].observed_at, rows[0].round_seconds)
        silence = await silence_of(environment, hearing, now, silent_after)
        states = [
            await place_of(StandingRow(*it[4:]), seconds_of(now), silence.since(it.place, it.state) is not None)
            for it in rows
        ]
        found[environment] = EnvironmentState(environment, now, hearing.confirmed_at, in_order(states), silence.whole)
    return found
