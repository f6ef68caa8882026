"""Whether a release has arrived in an environment, now: what is read for domain/outcome to judge."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple

from msgspec.structs import replace

from ...database.query import Query, Row, query
from ...database.tables import History
from ...domain.event import seconds_of
from ...domain.outcome import Awaited, AwaitedPlace, ProposedVersion, awaited
from ...domain.place import standing_in
from ...domain.state import BEGINNING, NEAR
from .. import services
from ..environments.place import PlaceState
from ..environments.state import STANDING, StandingRow, environment_row, place_of
from ..events.silence import Silence, silence_of
from ..events.statements import detail_in
from .brief import brief, newest_in_brief

MOST = 200  # proposals, places and failures that are looked at, newest first


class ServiceThere(NamedTuple):
    service: str
    environment: str
    limit: int


class VersionThere(NamedTuple):
    service: str
    version: str
    environment: str
    limit: int


class ProposedRow(NamedTuple):
    version: str
    at: int
    position: str
    place: str | None
    detail: str | None


class FailedRow(NamedTuple):
    place: str
    at: int
    cause: str | None


class RanRow(NamedTuple):
    """`cause`: the reason that it began by."""

    place: str
    at: int
    cause: str | None
    ended_at: int | None


def _there(sql: str, gives: type[Row]) -> Query[ServiceThere, Row]:
    """`sql` with the service, the environment and the limit."""
    return query(
        lambda service, environment, limit: History.raw(sql, service, environment, limit),
        takes=ServiceThere,
        gives=gives,
    )


def _of_version(sql: str, gives: type[Row]) -> Query[VersionThere, Row]:
    """`sql` with the service, the version, the environment and the limit."""
    return query(
        lambda service, version, environment, limit: History.raw(sql, service, version, environment, limit),
        takes=VersionThere,
        gives=gives,
    )


_proposed = _there(
    "SELECT version, at, position, place, detail FROM history WHERE kind = 'proposed' AND service = {}"
    " AND environment = {} ORDER BY position DESC LIMIT {}",
    ProposedRow,
)
_standing = _there(
    f"{STANDING} WHERE p.service = {{}} AND p.environment = {{}} ORDER BY p.place LIMIT {{}}", StandingRow
)
# Expressions, so that the index of the service's version is used, which has no proposals: of one there are few.
_failures = _of_version(
    "SELECT place, at, cause FROM history WHERE service = {} AND version = {} AND environment || '' = {}"
    " AND kind <> 'proposed' AND kind || '' = 'failed' ORDER BY position DESC LIMIT {}",
    FailedRow,
)
_ran = _of_version(
    "SELECT place, started_at AS at, began_by AS cause, ended_at FROM arrival WHERE service = {} AND version = {}"
    " AND environment || '' = {} ORDER BY position || '' DESC LIMIT {}",
    RanRow,
)
_OF_NO_TRY = ("DriftCorrectionFailed", "RollbackFailed", "UninstallFailed")


async def outcome(service: str, version: str, environment: str, silent_after: int) -> Awaited:
    now = datetime.now(UTC)
    row = await environment_row(environment)
    silence = await silence_of(environment, row, now, silent_after) if row else Silence(None)
    proposed = [_version(it) for it in await _proposed(ServiceThere(service, environment, MOST))]
    proposed_at = next((it.at for it in proposed if it.version == version), 0) - NEAR
    key = VersionThere(service, version, environment, MOST)
    failures = [it for it in await _failures(key) if it.at >= proposed_at and it.cause not in _OF_NO_TRY]
    ran = [it for it in await _ran(key) if it.at >= proposed_at]
    places = []
    for it in await _standing(ServiceThere(service, environment, MOST)):
        since = silence.since(it.place, it.state)
        state = await place_of(it, seconds_of(now), silent=since is not None)
        if state:
            failed = [each for each in failures if each.place == it.place]
            here = [each for each in ran if each.place == it.place]
            places.append(
                replace(
                    _place(state, failed),
                    tries=_tries(it.state, {each.cause for each in failed} | {each.cause for each in here}),
                    left=any(each.ended_at is not None for each in here),
                    silent_since=since,
                )
            )
    found = awaited(version, proposed, places, silence.whole)
    if found.outcome == "waiting" and all(it.version != version for it in proposed):
        return replace(found, cause=await _with_doubt(service, version, found.cause))
    return found


async def _with_doubt(service: str, version: str, cause: str) -> str:
    """`cause`, after what the ledger does not know of a version that nobody proposed there."""
    if not await services.exists(service):
        near = get_close_matches(service, await services.beginning(service[:1], MOST), 1)
        meant = f" ({near[0]} is near)" if near else ""
        return f"nothing is known of a service {service}{meant}"
    newest = None if await brief(service, version) else await newest_in_brief(service, 1)
    return f"{version} of {service} was not filed, the newest is {newest[0].version}; {cause}" if newest else cause


async def is_proposed(service: str, environment: str) -> bool:
    return bool(await _proposed(ServiceThere(service, environment, 1)))


def _version(it: ProposedRow) -> ProposedVersion:
    detail = detail_in(it.detail)
    return ProposedVersion(it.version, it.at, it.position[:BEGINNING], it.place, detail.replaces, detail.url)


def _place(it: PlaceState, failed: Sequence[FailedRow]) -> AwaitedPlace:
    attempt = it.attempt.message.partition("\n")[0] if it.attempt else None
    return AwaitedPlace(
        it.place,
        it.release.version if it.release else None,
        it.health,
        attempt or (it.blocked.message if it.blocked else None) or it.health_cause,
        certain=it.running_certain,
        mismatched=bool(it.mismatches),
        failures=len(failed),
        given_up=it.given_up,
    )


def _tries(state: str, causes: Iterable[str | None]) -> int | None:
    """After how many failures Flux gives up. `causes`: of what failed and ran, which say whether it was installed or
    upgraded."""
    standing = standing_in(state)
    tries = standing.state.tries if standing else None
    if tries is None:
        return None
    actions = {name for name in tries._fields if any(it and it.startswith(name.capitalize()) for it in causes)}
    found = [getattr(tries, name) for name in actions or tries._fields]
    return None if None in found else max(found)
