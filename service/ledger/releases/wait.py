"""Whether a release has arrived in an environment, now: what is read for domain/outcome to judge."""

from datetime import UTC, datetime
from typing import NamedTuple

from ...database.query import Query, Row, query
from ...database.tables import History
from ...domain.event import EPOCH, SECOND
from ...domain.outcome import Awaited, AwaitedPlace, ProposedVersion, awaited
from ...domain.state import NEAR
from ..environments.place import PlaceState
from ..environments.state import STANDING, StandingRow, environment_row, place_of
from ..events.silence import silent_since
from ..events.statements import detail_in

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
    place: str | None
    detail: str | None


class TimedPlace(NamedTuple):
    place: str
    at: int


def _there(sql: str, gives: type[Row]) -> Query[ServiceThere, Row]:
    """`sql` with the service, the environment and the limit."""
    return query(
        lambda service, environment, limit: History.raw(sql, service, environment, limit),
        takes=ServiceThere,
        gives=gives,
    )


def _of_version(sql: str) -> Query[VersionThere, TimedPlace]:
    """`sql` with the service, the version, the environment and the limit."""
    return query(
        lambda service, version, environment, limit: History.raw(sql, service, version, environment, limit),
        takes=VersionThere,
        gives=TimedPlace,
    )


_proposed = _there(
    "SELECT version, at, place, detail FROM history WHERE kind = 'proposed' AND service = {} AND environment = {}"
    " ORDER BY position DESC LIMIT {}",
    ProposedRow,
)
_standing = _there(
    f"{STANDING} WHERE p.service = {{}} AND p.environment = {{}} ORDER BY p.place LIMIT {{}}", StandingRow
)
# Expressions, so that the index of the service's version is used: of one there are few.
_failures = _of_version(
    "SELECT place, at FROM history WHERE service = {} AND version = {} AND environment || '' = {}"
    " AND kind || '' = 'failed' ORDER BY position DESC LIMIT {}"
)
_ended = _of_version(
    "SELECT place, started_at AS at FROM arrival WHERE service = {} AND version = {} AND environment || '' = {}"
    " AND ended_at IS NOT NULL ORDER BY position || '' DESC LIMIT {}"
)


async def outcome(service: str, version: str, environment: str, silent_after: int) -> Awaited:
    now = datetime.now(UTC)
    row = await environment_row(environment)
    heard = row and silent_since(row, now, silent_after)
    proposed = [_version(it) for it in await _proposed(ServiceThere(service, environment, MOST))]
    since = next((it.at for it in proposed if it.version == version), 0) - NEAR
    key = VersionThere(service, version, environment, MOST)
    failures = [it.place for it in await _failures(key) if it.at >= since]
    left = {it.place for it in await _ended(key) if it.at >= since}
    places = []
    for it in await _standing(ServiceThere(service, environment, MOST)):
        state = await place_of(it, (now - EPOCH) // SECOND, silent=bool(heard))
        if state:
            places.append(_place(state, failures.count(it.place), left=it.place in left))
    return awaited(version, proposed, places, f"{heard:%Y-%m-%d %H:%M:%S} UTC" if heard else None)


def _version(it: ProposedRow) -> ProposedVersion:
    detail = detail_in(it.detail)
    return ProposedVersion(it.version, it.at, it.place, detail.replaces, detail.url)


def _place(it: PlaceState, failures: int, *, left: bool) -> AwaitedPlace:
    attempt = it.attempt.message.partition("\n")[0] if it.attempt else None
    return AwaitedPlace(
        it.place,
        it.release.version if it.release else None,
        it.health,
        attempt or (it.blocked.message if it.blocked else None) or it.health_cause,
        certain=it.running_certain,
        mismatched=bool(it.mismatches),
        failures=failures,
        given_up=it.given_up,
        left=left,
    )
