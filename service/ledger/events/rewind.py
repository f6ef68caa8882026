"""What comes late: what followed is derived anew, from the last arrival or checkpoint before it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from ...domain.lane import ObjectLane, Turn, follow, in_order, name_of
from ...domain.place import standing_in
from ...domain.state import NO_ARRIVAL, Entry, position_at
from ...domain.timeline import arrivals
from ..aside import aside
from ..rows import PlaceKey
from .changes import Changes
from .checkpoints import WithinPlace, delete_checkpoints_after, last_checkpoint
from .said import entries_between, is_more_than
from .statements import (
    PlaceAfter,
    PlacePosition,
    PositionRow,
    delete_from,
    delete_history_from,
    delete_images_from,
    last_before,
)

MOST_AGAIN = 10_000  # entries that are derived anew while a sender waits: one or two seconds
MOST_STEPS = 4  # arrivals that are tried as a beginning, before the whole place is derived anew


class TooLate(Exception):
    """So much was said after it that nobody could wait until all of it is derived anew."""


class Beginning(NamedTuple):
    """How a lane stood at `position`. From `since` on arrivals are derived anew: with the one that lasts, whose end may
    be another, and of which `turns` has the beginning."""

    position: str
    lane: ObjectLane
    since: str
    turns: list[Turn]


async def forget(key: PlaceKey, since: str, after: str, changes: Changes) -> None:
    """Arrivals that began at the position `since` or later, and what else came `after` this."""
    changes.deleted.extend(await delete_from(PlacePosition(*key, since)))
    await delete_images_from(PlaceAfter(*key, since, after))
    await delete_history_from(PlacePosition(*key, after))
    await delete_checkpoints_after(PlacePosition(*key, after))


async def check_amount(key: PlaceKey, since: int = 0) -> None:
    """Raises TooLate where what was said from `since` on, in seconds since 1970, is too much."""
    if await is_more_than(MOST_AGAIN, key, since):
        raise TooLate


async def rewound(key: PlaceKey, lanes: tuple[ObjectLane, ...], added: list[Entry], changes: Changes) -> bool:
    """Continues from the last beginning before `added`, in its whole past, and derives anew what followed. False: it
    cannot be told from that alone. Raises TooLate."""
    first, newest = min(it.at for it in added), lanes[-1]
    async for it in _beginnings(key, first):
        if it.lane.uid != newest.uid:
            return False
        if not newest.inverted < it.lane.high <= first:
            continue
        await check_amount(key, it.lane.high)
        said = await entries_between(key, it.lane.high)
        changes.read_again[key.environment] += len(said)
        if await aside(len(said), _followed_again, key, it, said, changes):
            await forget(key, it.since, it.position, changes)
            changes.keep(key, (*lanes[:-1], it.lane))
            return True
    return False


async def _beginnings(key: PlaceKey, first: int) -> AsyncIterator[Beginning]:
    """Before the second `first`, latest first; not those that other rules made."""
    before = position_at(first)
    for _ in range(MOST_STEPS):
        arrived = next(iter(await last_before(PlacePosition(*key, before))), None)
        before = arrived.position if arrived else NO_ARRIVAL
        marks = await last_checkpoint(WithinPlace(*key, before, before + position_at(first)))
        for position, state in [*marks, *([arrived[:2]] if arrived else [])]:
            if (found := _beginning(position, state, arrived)) is None:
                return
            yield found
        if arrived is None:
            return


def _beginning(position: str, state: str, arrived: PositionRow | None) -> Beginning | None:
    """`arrived`: the arrival that was the last to begin. None: other rules made it."""
    lane, began = _lane_in(state), _lane_in(arrived.state) if arrived else None
    if lane is None or arrived is None or lane.state.running is None:
        return Beginning(position, lane, position, []) if lane else None
    if began is None:
        return None
    turn = Turn(arrived.position, began.turned, arrived.began_by or "", "", began)
    return Beginning(position, lane, arrived.position, [turn])


def _lane_in(state: str) -> ObjectLane | None:
    kept = standing_in(state)
    return kept.lanes[0] if kept else None


def _followed_again(key: PlaceKey, it: Beginning, said: list[Entry], changes: Changes) -> bool:
    """Puts into `changes` what a lane brings after its beginning. False: what was said is of another one, or not in
    order."""
    lane = it.lane
    tail = [each for each in said if each.at > lane.high or name_of(each) not in lane.ties]
    ordered = in_order(tail, lane) if all(each.uid in ("", lane.uid) for each in tail) else None
    if ordered is None:
        return False
    found = follow(lane, ordered)
    changes.begin(key, arrivals([*it.turns, *found.turns]), found)
    return True
