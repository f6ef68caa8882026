"""Derives `environment`, `place`, `arrival`, `image` and `history` from what was said, in the transaction that adds it.

Nearly every entry comes in order, and continues the place's lane. One that comes late continues from the last arrival
before it, and what followed is derived anew; where that cannot be told apart, the whole place is.
tests/service/test_timeline.py proves that all three give what domain/timeline makes of all entries at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ...domain.lane import FoundImage, ObjectLane, PlacedOccurrence, Turn, follow, images_of, in_order, name_of
from ...domain.place import Standing, standing_in, standing_of, text_of
from ...domain.state import Entry, Running, position_at
from ...domain.timeline import Arrival, Closing, arrivals, ending, replaced, timeline
from ..match import named_service
from ..rows import EnvironmentKey, PlaceKey
from .levels import divide
from .names import absences
from .news import News, news_of
from .said import entries_between
from .statements import (
    SOURCES,
    ArrivalColumns,
    DeletedArrival,
    Detail,
    EndedArrival,
    HistoryColumns,
    ImageColumns,
    KeptPlace,
    PlacePosition,
    Report,
    TooManyPlaces,
    begin,
    confirm,
    delete_from,
    delete_history_from,
    delete_images_from,
    detail_text,
    end,
    keep_image,
    keep_place,
    last_before,
    place_count,
    place_of,
    tell,
)

MOST_STEPS = 4  # arrivals that are tried as a beginning, before the whole place is derived anew


class Changes(NamedTuple):
    """What is to be written, gathered from several places and written together; and the arrivals that were deleted, to
    be derived anew."""

    ended: list[EndedArrival]
    begun: list[ArrivalColumns]
    images: list[ImageColumns]
    told: list[HistoryColumns]
    kept: list[KeptPlace]
    deleted: list[DeletedArrival]

    def end(self, key: PlaceKey, running: Running | None, opened: str, *by: Any) -> None:
        """`by`: when, the basis, and the cause."""
        if running is not None:
            until, basis, cause = ending(running, *by)
            self.ended.append(EndedArrival(*key, opened, until, basis, cause))

    def begin(self, key: PlaceKey, found: Iterable[Arrival]) -> None:
        self.begun.extend(_columns(key, it) for it in found)

    def show(self, key: PlaceKey, found: Iterable[FoundImage]) -> None:
        self.images.extend(ImageColumns(*key, it.position, it.digest, it.seen) for it in found)

    def tell(self, key: PlaceKey, occurred: Iterable[PlacedOccurrence]) -> None:
        self.told.extend(_told(key, it) for it in occurred)

    def keep(self, key: PlaceKey, lanes: tuple[ObjectLane, ...]) -> None:
        state = standing_of(lanes).state
        named = state.running or state.attempt or state.left
        service = named_service(named.service, named.chart, key.place) if named else None
        opened = position_at(lanes[-1].turned)
        self.kept.append(KeptPlace(*key, opened, text_of(lanes), service, named.version if named else None))


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
        by_place[key].append(gone)
    changes = Changes([], [], [], [], [], [])
    for key, entries in by_place.items():
        before = kept.get(key)
        standing = standing_in(before.state) if before else Standing()
        if standing is None or not await _continue(key, standing, entries, changes):
            await divide(key, min(it.at for it in entries))
            await derive(key, changes)
    await write(changes)
    return {
        name: news_of(name, it.entries, [row for row in changes.begun if row.environment == name], changes.deleted)
        for name, it in batches.items()
    }


async def write(changes: Changes) -> None:
    await end.each(changes.ended)
    await begin.each(changes.begun)
    await keep_image.each(changes.images)
    await tell.each(changes.told)
    await keep_place.each(changes.kept)


async def derive(key: PlaceKey, changes: Changes) -> None:
    """The whole place, from all that was said of it."""
    await _forget(PlacePosition(*key, ""), changes)
    found = timeline(await entries_between(key))
    changes.begin(key, found.arrivals)
    changes.show(key, found.images)
    changes.tell(key, found.occurred)
    changes.keep(key, found.lanes)


async def _forget(since: PlacePosition, changes: Changes) -> None:
    """What began there or later, and what came after it."""
    changes.deleted.extend(await delete_from(since))
    await delete_images_from(since)
    await delete_history_from(since)


async def _continue(key: PlaceKey, standing: Standing, added: list[Entry], changes: Changes) -> bool:
    """Puts into `changes` what `added` means for a place that stands so. False: it cannot be told from that alone."""
    uids = {it.uid for it in added if it.uid}
    lanes = standing.lanes
    if len(uids) > 1 or standing.open != [*lanes[-1:]]:  # of a lane that is closed only the times are kept
        return False
    if not lanes:
        lanes = (ObjectLane("".join(uids)),)
    elif uids - {lanes[-1].uid}:
        known, heard = {it.uid for it in lanes}, max(it.high for it in lanes)
        if "" in known or uids & known or any(not it.uid or it.at <= heard for it in added):
            return False
        lanes = (*lanes, ObjectLane("".join(uids)))
    lane = lanes[-1]
    ordered = in_order(added, lane)
    if ordered is None:
        await divide(key, min(it.at for it in added))
        return await _rewound(key, lanes, added, changes)
    running, opened = lane.state.running, lane.opened
    found = follow(lane, ordered)
    if len(lanes) > len(standing.lanes) > 0:  # another object has taken the place
        running, opened = lanes[-2].state.running, lanes[-2].opened
        changes.end(key, running, opened, lane.first, lane.basis, "replaced")
        if running:
            changes.tell(key, [replaced(key.place, lanes[-2], Closing(lane.first, "replaced", lane.basis))])
    elif found.turns:
        by = found.turns[0]
        changes.end(key, running, opened, by.at, by.basis, by.cause)
    changes.begin(key, arrivals(found.turns))
    changes.show(key, found.images)
    changes.tell(key, found.occurred)
    changes.keep(key, lanes)
    return True


async def _rewound(key: PlaceKey, lanes: tuple[ObjectLane, ...], added: list[Entry], changes: Changes) -> bool:
    """Continues from the last arrival that began before `added`, in its whole past, and derives anew what followed."""
    first, newest = min(it.at for it in added), lanes[-1]
    before = position_at(first)
    for _ in range(MOST_STEPS):
        rows = await last_before(PlacePosition(*key, before))
        if not rows:
            return False
        before = rows[0].position
        kept = standing_in(rows[0].state)
        if kept is None or kept.lanes[0].uid != newest.uid:
            return False
        lane = kept.lanes[0]
        if lane.high > first or lane.high <= newest.inverted:
            continue
        said = await entries_between(key, lane.high)
        tail = [it for it in said if it.at > lane.high or name_of(it) not in lane.ties]
        ordered = in_order(tail, lane) if all(it.uid in ("", lane.uid) for it in tail) else None
        if ordered is None:
            continue
        began = Turn(before, lane.turned, rows[0].began_by or "", "", msgspec.structs.replace(lane))
        shown = [
            image for it in said if it.sha256.endswith(before[-63:]) for image in images_of(before, it, began=True)
        ]
        found = follow(lane, ordered)
        await _forget(PlacePosition(*key, before), changes)
        changes.begin(key, arrivals([began, *found.turns]))
        changes.show(key, [*shown, *found.images])
        changes.tell(key, found.occurred)
        changes.keep(key, (*lanes[:-1], lane))
        return True
    return False


def _columns(key: PlaceKey, it: Arrival) -> ArrivalColumns:
    running = it.running
    return ArrivalColumns(
        *key,
        it.began.position,
        text_of((it.began.lane,)),
        named_service(running.service, running.chart, key.place),
        running.version,
        running.build,
        running.oci_digest,
        running.since,
        it.until,
        it.basis,
        it.ended_by,
        it.began.cause,
    )


def _told(key: PlaceKey, placed: PlacedOccurrence) -> HistoryColumns:
    it = placed.it
    about = it.about
    running = about if isinstance(about, Running) else Running("", 0, "")
    return HistoryColumns(
        *key,
        placed.position,
        it.kind,
        it.at,
        SOURCES[placed.basis],
        after=placed.after,
        service=named_service(about.service, about.chart, key.place) if about else key.place.partition("/")[2],
        version=about.version or None if about else None,
        build=running.build,
        chart_digest=running.oci_digest,
        basis=placed.basis,
        cause=it.cause,
        message=it.message,
        detail=detail_text(it.evidence or Detail(to=it.to)),
    )
