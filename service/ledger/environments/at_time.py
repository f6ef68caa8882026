"""What ran at a time in the past, as is known today: the place after the last arrival before it, continued with what
was said between the two."""

from datetime import datetime

import msgspec

from ...domain import timeline
from ...domain.event import EPOCH, SECOND
from ...domain.lane import ObjectLane, follow, in_order, name_of
from ...domain.place import Standing, standing_in
from ...domain.state import position_at
from ..events.said import entries_between
from ..events.statements import PlacePosition, last_before, places
from ..rows import EnvironmentKey, PlaceKey
from .place import place_state
from .state import EnvironmentState, environment_row
from .state import in_order as by_service


async def state_at(environment: str, at: datetime) -> EnvironmentState | None:
    """None for an environment that never reported. What happened within the second of `at` counts."""
    row = await environment_row(environment)
    if row is None:
        return None
    second = max(0, (at - EPOCH) // SECOND)
    states = [
        await place_state(
            it.place, await _lanes(PlaceKey(environment, it.place), it.state, second), second, silent=False
        )
        for it in await places(EnvironmentKey(environment))
    ]
    return EnvironmentState(environment, at, row.confirmed_at, by_service(states))


async def _lanes(key: PlaceKey, state: str, second: int) -> list[ObjectLane]:
    standing = standing_in(state)
    if standing is not None and len(standing.lanes) == 1:
        lane = await _continued(key, standing, second)
        if lane is not None:
            return [lane]
    return timeline.at_time(await entries_between(key), second)


async def _continued(key: PlaceKey, standing: Standing, second: int) -> ObjectLane | None:
    """None: that cannot be told from the last arrival before."""
    rows = await last_before(PlacePosition(*key, position_at(second + 1)))
    kept = standing_in(rows[0].state) if rows else Standing(lanes=(ObjectLane(standing.lanes[0].uid),))
    lane = kept.lanes[0] if kept else None
    if lane is None or -1 < standing.lanes[0].inverted >= lane.high:
        return None
    said = await entries_between(key, max(0, lane.high), second)
    ordered = in_order([it for it in said if it.at > lane.high or name_of(it) not in lane.ties], lane)
    return None if ordered is None else follow(msgspec.structs.replace(lane), ordered).lane
