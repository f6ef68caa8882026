"""What differs between two environments, or between two times of one."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

from msgspec import Struct

from ...database.query import query
from ...database.tables import Release
from ...domain.event import seconds_of
from ..match import moment
from ..page import Page, page
from .at_time import state_at
from .place import PlaceState
from .state import EnvironmentState, state_of

COUNTED = 1000  # releases between two, at most


class ComparedPlace(Struct, frozen=True):
    """`version` null: nothing is known to run."""

    place: str
    version: str | None
    build: str | None
    since: datetime | None
    health: str


class ServiceDifference(Struct, frozen=True):
    """`verdict`: same | differs | missing, where one of the two has no place of the service | unknown, where what runs
    is not known for certain. `behind`: how many releases were filed after the one `here`, up to the one `there`, at
    most 1000; negative: `here` is ahead; null: it cannot be told, as where a side runs several versions.
    `waiting_since`: when `there` ceased to run what `here` still does."""

    service: str
    verdict: Literal["same", "differs", "missing", "unknown"]
    here: list[ComparedPlace]
    there: list[ComparedPlace]
    behind: int | None = None
    waiting_since: datetime | None = None


class ComparedEnvironment(Struct, frozen=True):
    environment: str
    at: datetime
    silent_since: datetime | None


class ComparedVersions(NamedTuple):
    service: str
    here: str
    there: str
    environment: str
    until: int
    limit: int


class VersionDistance(NamedTuple):
    """Releases that were filed after the one `here`, and up to the other, and the reverse; when the version `here` last
    ended `there`."""

    here: int | None
    there: int | None
    later: int
    earlier: int
    ended_at: int | None


_BETWEEN = (
    "(SELECT count(*) FROM (SELECT r.id FROM release r WHERE r.service = {}"
    " AND r.id > (SELECT x.id FROM release x WHERE x.service = {} AND x.version = {})"
    " AND r.id <= (SELECT x.id FROM release x WHERE x.service = {} AND x.version = {}) LIMIT {}) b)"
)
_distance = query(
    lambda service, here, there, environment, until, limit: Release.raw(
        "SELECT (SELECT h.id FROM release h WHERE h.service = {} AND h.version = {}) AS here,"
        " (SELECT t.id FROM release t WHERE t.service = {} AND t.version = {}) AS there,"
        f" {_BETWEEN} AS later, {_BETWEEN} AS earlier,"
        " (SELECT max(a.ended_at) FROM arrival a"
        # An expression, so that the index of the service's versions is used, of which each has few.
        " WHERE a.service = {} AND a.version = {} AND a.environment || '' = {} AND a.ended_at <= {}) AS ended_at",
        *(service, here, service, there),
        *(service, service, here, service, there, limit),
        *(service, service, there, service, here, limit),
        *(service, here, environment, until),
    ),
    takes=ComparedVersions,
    gives=VersionDistance,
)


async def state_then(environment: str, at: datetime | None, silent_after: int) -> EnvironmentState | None:
    return await (state_of(environment, silent_after) if at is None else state_at(environment, at, silent_after))


def of(state: EnvironmentState) -> ComparedEnvironment:
    return ComparedEnvironment(state.environment, state.at, state.silent_since)


async def compare(
    here: EnvironmentState, there: EnvironmentState, cursor: str | None = None, limit: int = 50
) -> Page[ServiceDifference]:
    """By service."""
    ours, theirs = _by_service(here.services), _by_service(there.services)
    names = sorted(it for it in ours.keys() | theirs.keys() if it > (cursor or ""))[: limit + 1]
    compared = {it: await _service(it, ours.get(it, []), theirs.get(it, []), there) for it in names[:limit]}
    return page(names, limit, lambda it: compared[it], lambda it: it)


async def _service(
    service: str, here: list[PlaceState], there: list[PlaceState], other: EnvironmentState
) -> ServiceDifference:
    sides = [_place(it) for it in here], [_place(it) for it in there]
    if not here or not there:
        return ServiceDifference(service, "missing", *sides)
    if not all(_is_certain(it) for it in (*here, *there)):
        return ServiceDifference(service, "unknown", *sides)
    ours, theirs = _versions(here), _versions(there)
    if ours == theirs:
        return ServiceDifference(service, "same", *sides, behind=0)
    if len(ours) > 1 or len(theirs) > 1:
        return ServiceDifference(service, "differs", *sides)
    [(mine, _)], [(others, _)] = ours, theirs
    until = seconds_of(other.at)
    [it] = await _distance(ComparedVersions(service, mine, others, other.environment, until, COUNTED))
    behind = None if it.here is None or it.there is None else it.later - it.earlier
    waiting = moment(it.ended_at) if behind and behind > 0 and it.ended_at is not None else None
    return ServiceDifference(service, "differs", *sides, behind, waiting)


def _is_certain(it: PlaceState) -> bool:
    known = it.running_certain and it.health_cause not in ("silent", "contested")
    return known and it.release is not None and not it.release.mismatched


def _by_service(states: Iterable[PlaceState]) -> dict[str, list[PlaceState]]:
    """They are sorted by service."""
    return {service: list(some) for service, some in groupby(states, attrgetter("service"))}


def _versions(states: Iterable[PlaceState]) -> set[tuple[str, str | None]]:
    return {(it.release.version, it.release.build) for it in states if it.release}


def _place(it: PlaceState) -> ComparedPlace:
    release = it.release
    version, build = (release.version, release.build) if release else (None, None)
    return ComparedPlace(it.place, version, build, it.since, it.health)
