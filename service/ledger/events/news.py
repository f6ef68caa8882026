"""The arrivals and failures that became known with an event or a snapshot: what metrics count."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from ...domain.effects import FAILURES
from ...domain.state import Entry
from ..match import moment, named_service
from .changes import Changes
from .statements import ArrivalColumns, DeletedArrival


class NewArrival(Struct, frozen=True):
    """`service` as ledger/match names it."""

    environment: str
    place: str
    service: str
    version: str
    since: datetime


class NewFailure(Struct, frozen=True):
    """`reason` and `message` are Flux's; `version` None: the event named none, as drift does."""

    environment: str
    place: str
    service: str
    version: str | None
    at: datetime
    reason: str
    message: str


class News(Struct, frozen=True):
    """Of one environment, in the order of their times. `read_again`: so much that was said before was derived anew;
    so many entries were `left_out`, since they came too late."""

    arrivals: tuple[NewArrival, ...] = ()
    failures: tuple[NewFailure, ...] = ()
    read_again: int = 0
    left_out: int = 0


def news_of(environment: str, entries: Iterable[Entry | None], changes: Changes) -> News:
    """`entries` were just added; the arrivals that began are new, but for those that were known before they were
    deleted to be derived anew."""
    begun = [it for it in changes.begun if it.environment == environment]
    arrivals = [
        NewArrival(environment, it.place, it.service, it.version, moment(it.started_at))
        for it in _new(begun, changes.deleted)
    ]
    failures = [
        NewFailure(
            environment,
            it.place,
            named_service(it.service, it.chart, it.place),
            it.version,
            moment(it.at),
            it.cause,
            it.message,
        )
        for it in entries
        if it is not None and it.effect in FAILURES
    ]
    return News(
        tuple(sorted(arrivals, key=lambda it: it.since)),
        tuple(sorted(failures, key=lambda it: it.at)),
        changes.read_again[environment],
        changes.left_out[environment],
    )


def _new(begun: list[ArrivalColumns], deleted: list[DeletedArrival]) -> Iterator[ArrivalColumns]:
    """An arrival that an observer saw gets another position when its event comes. So one at a new position was known
    where an arrival of its version was deleted that did not come back at its own."""
    known = {(it.environment, it.place, it.position) for it in deleted}
    moved = [it for it in begun if (it.environment, it.place, it.position) not in known]
    kept = {(it.environment, it.place, it.position) for it in begun}
    left = Counter(
        (it.environment, it.place, it.version) for it in deleted if (it.environment, it.place, it.position) not in kept
    )
    for it in moved:
        revision = (it.environment, it.place, it.version)
        if left[revision]:
            left[revision] -= 1
        else:
            yield it
