"""The arrivals and failures that became known with an event or a snapshot: what metrics count."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from ...domain.effects import FAILURES
from ...domain.state import Entry
from ..match import moment, name_in
from .statements import ArrivalColumns, PlacePosition


class NewArrival(Struct, frozen=True):
    """`service` is what the event named: our annotation, else the HelmRelease's name."""

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
    """Of one environment, in the order of their times."""

    arrivals: tuple[NewArrival, ...] = ()
    failures: tuple[NewFailure, ...] = ()


def news_of(
    environment: str, entries: Iterable[Entry | None], begun: Iterable[ArrivalColumns], deleted: set[PlacePosition]
) -> News:
    """`entries` were just added; of the arrivals `begun`, those that were `deleted` before were known."""
    arrivals = [
        NewArrival(environment, it.place, it.service, it.version, moment(it.started_at))
        for it in begun
        if PlacePosition(environment, it.place, it.position) not in deleted
    ]
    failures = [
        NewFailure(
            environment, it.place, it.service or name_in(it.place), it.version, moment(it.at), it.cause, it.message
        )
        for it in entries
        if it is not None and it.effect in FAILURES
    ]
    return News(tuple(sorted(arrivals, key=lambda it: it.since)), tuple(sorted(failures, key=lambda it: it.at)))
