"""What the projection is about to write: gathered from several places, and written together."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from ...domain.lane import Followed, ObjectLane, PlacedOccurrence
from ...domain.place import standing_of, text_of
from ...domain.state import Running, position_at
from ...domain.timeline import Arrival, Timeline, ending
from ..match import named_service
from ..rows import PlaceKey
from .checkpoints import CheckpointColumns, keep_checkpoint
from .statements import (
    SOURCES,
    ArrivalColumns,
    DeletedArrival,
    Detail,
    EndedArrival,
    HistoryColumns,
    ImageColumns,
    KeptPlace,
    begin,
    detail_text,
    end,
    keep_image,
    keep_place,
    tell,
)


class Changes(NamedTuple):
    """`deleted` were there, and are derived anew, for which so many entries of each environment were `read_again`; so
    many were `left_out`, since they came too late."""

    ended: list[EndedArrival]
    begun: list[ArrivalColumns]
    images: list[ImageColumns]
    checkpoints: list[CheckpointColumns]
    told: list[HistoryColumns]
    kept: list[KeptPlace]
    deleted: list[DeletedArrival]
    read_again: Counter[str]
    left_out: Counter[str]

    @classmethod
    def none(cls) -> "Changes":
        return cls([], [], [], [], [], [], [], Counter(), Counter())

    def end(self, key: PlaceKey, running: Running | None, opened: str, *by: Any) -> None:
        """`by`: when, the basis, and the cause."""
        if running is not None:
            until, basis, cause = ending(running, *by)
            self.ended.append(EndedArrival(*key, opened, until, basis, cause))

    def begin(self, key: PlaceKey, begun: Iterable[Arrival], found: Followed | Timeline) -> None:
        """What `begun`, and what else was found with it."""
        self.begun.extend(_columns(key, it) for it in begun)
        self.images.extend(ImageColumns(*key, it.position, it.digest, it.seen, it.after) for it in found.images)
        self.tell(key, found.occurred)
        marks = found.checkpoints
        self.checkpoints.extend(CheckpointColumns(*key, it.position, text_of((it.lane,))) for it in marks)

    def tell(self, key: PlaceKey, occurred: Iterable[PlacedOccurrence]) -> None:
        self.told.extend(_told(key, it) for it in occurred)

    def keep(self, key: PlaceKey, lanes: tuple[ObjectLane, ...]) -> None:
        state = standing_of(lanes).state
        named = state.running or state.attempt or state.left
        service = named_service(named.service, named.chart, key.place) if named else None
        opened = position_at(lanes[-1].turned)
        self.kept.append(KeptPlace(*key, opened, text_of(lanes), service, named.version if named else None))


async def write(changes: Changes) -> None:
    await end.each(changes.ended)
    await begin.each(changes.begun)
    await keep_image.each(changes.images)
    await tell.each(changes.told)
    await keep_checkpoint.each(changes.checkpoints)
    await keep_place.each(changes.kept)


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
