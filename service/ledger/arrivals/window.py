"""What ran in an environment within a window of time: all of it, so that a gap in it is a gap, or its newest part."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from msgspec import Struct

from ...database import tables
from ...database.query import query
from ...domain.event import seconds_of
from ...domain.state import position_at
from ..match import ARRIVAL_COLUMNS, WITH_RELEASE, ArrivalRow
from ..page import Page
from .list import Arrival, arrival_of, as_last_known, in_environment, of_service

PIECE = 50  # arrivals that are read at a time


class RunningAt(NamedTuple):
    """`position` sorts after what began until then; `at` in seconds since 1970."""

    environment: str
    position: str
    at: int


class ServiceRunningAt(NamedTuple):
    service: str
    position: str
    at: int


# CROSS: SQLite then begins with the places, which are few; by itself it walks all arrivals of the environment.
_RUNNING_AT = (
    f"SELECT {ARRIVAL_COLUMNS} FROM place p CROSS JOIN arrival a {WITH_RELEASE}"
    " WHERE {of} AND a.environment = p.environment AND a.place = p.place"
    " AND a.position = (SELECT max(x.position) FROM arrival x"
    " WHERE x.environment = p.environment AND x.place = p.place AND x.position < {{}})"
    " AND (a.ended_at IS NULL OR a.ended_at > {{}})"
)
_running_at = query(
    lambda environment, position, at: tables.Arrival.raw(
        _RUNNING_AT.format(of="p.environment = {}"), environment, position, at
    ),
    takes=RunningAt,
    gives=ArrivalRow,
)
_service_running_at = query(
    lambda service, position, at: tables.Arrival.raw(
        # A place where nothing runs any more names no service.
        _RUNNING_AT.format(of="(p.service = {} OR p.service IS NULL) AND a.service = {}"),
        *(service, service, position, at),
    ),
    takes=ServiceRunningAt,
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
    began = await _began(partial(in_environment, environment, None), begins, ends, most)
    key = RunningAt(environment, _position(began.begins), seconds_of(began.begins))
    return await _window(began, await _running_at(key), silent_after)


async def service_arrivals_between(
    service: str, begins: datetime, ends: datetime, most: int, silent_after: int = 0
) -> Window:
    """As `arrivals_between`, of one service in all environments."""
    began = await _began(partial(of_service, service), begins, ends, most)
    key = ServiceRunningAt(service, _position(began.begins), seconds_of(began.begins))
    return await _window(began, await _service_running_at(key), silent_after)


async def _window(began: Window, before: Sequence[ArrivalRow], silent_after: int) -> Window:
    whole = [*began.arrivals, *map(arrival_of, before)]
    return Window(began.begins, await as_last_known(whole, silent_after))


async def _began(
    read: Callable[[str, int], Awaitable[Page[Arrival]]], begins: datetime, ends: datetime, most: int
) -> Window:
    """The newest of what began between them, read in pieces."""
    found, cursor = list[Arrival](), f"{_position(ends)}."
    while True:
        page = await read(cursor, min(PIECE, most - len(found)))
        found += page.items
        if page.next is None or found[-1].from_ < begins:
            break
        if len(found) >= most:
            begins = found[-1].from_
            break
        cursor = page.next
    return Window(begins, [it for it in found if it.from_ > begins])


def _position(moment: datetime) -> str:
    """Sorts after everything until the end of that second."""
    return position_at(max(0, seconds_of(moment)) + 1)
