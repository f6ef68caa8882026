"""Derives `environment`, `place`, `arrival`, `image`, `history` and `checkpoint` from what was said, in the transaction
that adds it.

Nearly every entry comes in order, and continues the place's lane. One that comes late continues from the last arrival
or checkpoint before it, and what followed is derived anew; where that cannot be told apart, the whole place is.
tests/service/test_timeline.py proves that all three give what domain/timeline makes of all entries at once.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ...domain.lane import Followed, ObjectLane, clusters_of, follow, in_order, is_about
from ...domain.place import Standing, standing_in
from ...domain.state import Entry, Running
from ...domain.timeline import Closing, arrivals, between, closings, replaced, timeline
from ..aside import aside
from ..rows import EnvironmentKey, PlaceKey
from .changes import Changes, write
from .levels import divide
from .names import absences
from .news import News, news_of
from .rewind import TooLate, check_amount, forget, rewound
from .said import entries_between
from .statements import Report, TooManyPlaces, confirm, place_count, place_of

A_TURN = 50  # places, after which others are answered


class Batch(NamedTuple):
    """What was just added of one environment: an entry for each event, None for one without effect; when the newest was
    received; and how many places the environment may have."""

    entries: list[Entry | None]
    received_at: datetime
    most_places: int


async def project(batches: Mapping[str, Batch]) -> dict[str, News]:
    """Derives what follows from entries that were just added, by environment, inside their transaction.

    It locks the environments' rows, in the order of their names. Raises TooManyPlaces.
    """
    await confirm.each([Report(name, len(it.entries), it.received_at) for name, it in sorted(batches.items())])
    by_place = defaultdict[PlaceKey, list[Entry]](list)
    for name, batch in batches.items():
        for entry in batch.entries:
            if entry is not None:
                by_place[PlaceKey(name, entry.place)].append(entry)
    kept = {PlaceKey(it.environment, it.place): it for it in await place_of.each(list(by_place))}
    for name, new in Counter(it.environment for it in by_place if it not in kept).items():
        [had] = await place_count(EnvironmentKey(name))
        if had.number + new > batches[name].most_places:
            raise TooManyPlaces(name)
    heard = {key: min(it.at for it in several) for key, several in by_place.items() if key not in kept}
    for key, gone in (await absences(heard)).items():
        by_place[key].extend(gone)
    changes = Changes.none()
    for number, (key, entries) in enumerate(by_place.items(), 1):
        if number % A_TURN == 0:
            await asyncio.sleep(0)
        before = kept.get(key)
        standing = standing_in(before.state) if before else Standing()
        if standing and len(standing.lanes) > 1:
            changes.read_again[key.environment] += len(standing.lanes)
        changes.left_out[key.environment] += await _take_up(key, standing, entries, changes)
    await write(changes)
    return {name: news_of(name, it.entries, changes) for name, it in batches.items()}


async def _take_up(key: PlaceKey, standing: Standing | None, added: list[Entry], changes: Changes) -> int:
    """Puts into `changes` what `added` means; gives how many of them are left out, the oldest first, since they came
    too late. What older rules made is derived anew by the upgrade, which then leaves out none."""
    added.sort(key=lambda it: it.at)
    for number, oldest in enumerate(added):
        try:
            if standing is None or not await _continue(key, standing, added[number:], changes):
                await check_amount(key)
                await divide(key, oldest.at)
                await derive(key, changes)
        except TooLate:
            continue
        return number
    return len(added) if standing else 0


async def derive(key: PlaceKey, changes: Changes) -> None:
    """The whole place, from all that was said of it."""
    await forget(key, "", "", changes)
    entries = await entries_between(key)
    changes.read_again[key.environment] += len(entries)
    await aside(len(entries), _derive, key, entries, changes)


def _derive(key: PlaceKey, entries: list[Entry], changes: Changes) -> None:
    found = timeline(entries)
    changes.begin(key, found.arrivals, found)
    changes.keep(key, found.lanes)


async def _continue(key: PlaceKey, standing: Standing, added: list[Entry], changes: Changes) -> bool:
    """Puts into `changes` what `added` means for a place that stands so. False: it cannot be told from that alone."""
    uids = {it.uid for it in added if it.uid}
    lanes, opened_lanes = standing.lanes, standing.open
    if len(opened_lanes) > 1:
        return _continue_contenders(key, standing, added, changes)
    if len(uids) > 1 or opened_lanes != [*lanes[-1:]]:  # of a lane that is closed only the times are kept
        return False
    uid = "".join(uids)
    named = clusters_of(added, uid)
    if not lanes:
        lanes = (ObjectLane(uid, clusters=named),)
    elif uids - {lanes[-1].uid}:
        known, heard = {it.uid for it in lanes}, max(it.high for it in lanes)
        if "" in known or uids & known or any(not it.uid or it.at <= heard for it in added):
            return False
        if lanes[-1].clusters:  # what is not about that object may be about this one
            return False
        lanes = (*lanes, ObjectLane(uid, clusters=named))
    lane = lanes[-1]
    if {*named} - {*lane.clusters}:  # which absence is about it may be other than it was
        return False
    if len(lanes) > 1 and not all(is_about(it, lane.clusters) for it in added):  # perhaps about one that is closed
        return False
    ordered = in_order(added, lane)
    if ordered is None:
        await divide(key, min(it.at for it in added))
        return await rewound(key, lanes, added, changes)
    running, opened = lane.state.running, lane.opened
    found = follow(lane, ordered)
    if len(lanes) > len(standing.lanes) > 0:  # another object has taken the place
        left, left_at = lanes[-2].state.running, lanes[-2].opened
        changes.end(key, left, left_at, lane.first, lane.basis, "replaced")
        if left:
            changes.tell(key, [replaced(key.place, lanes[-2], Closing(lane.first, "replaced", lane.basis))])
    _follow(key, running, opened, found, changes)
    changes.keep(key, lanes)
    return True


def _continue_contenders(key: PlaceKey, standing: Standing, added: list[Entry], changes: Changes) -> bool:
    """Continues each of several objects that report as one place, where that changes nothing between them: what is said
    of a contested place costs no more the longer it is one."""
    before, followed = _between(key, standing), list[tuple[Running | None, str, Followed]]()
    for uid in sorted({it.uid for it in added}):
        lane = next((it for it in standing.open if it.uid == uid), None)
        ordered = in_order([it for it in added if it.uid == uid], lane) if lane else None
        if lane is None or ordered is None or {*clusters_of(added, uid)} - {*lane.clusters}:
            return False
        followed.append((lane.state.running, lane.opened, follow(lane, ordered)))
    if _between(key, standing) != before:
        return False
    for running, opened, found in followed:
        _follow(key, running, opened, found, changes)
    changes.keep(key, standing.lanes)
    return True


def _between(key: PlaceKey, standing: Standing) -> tuple[Any, ...]:
    return *closings(standing.lanes), *between(key.place, standing.lanes)


def _follow(key: PlaceKey, running: Running | None, opened: str, found: Followed, changes: Changes) -> None:
    """What a lane, in which `running` had begun at `opened`, brings."""
    if found.turns:
        by = found.turns[0]
        changes.end(key, running, opened, by.at, by.basis, by.cause)
    changes.begin(key, arrivals(found.turns), found)
