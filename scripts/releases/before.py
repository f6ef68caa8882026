"""Which release was healthy in an environment before the one that is wanted there now, from the ledger's arrivals."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct
from semver import Version

from ..clients.ledger import MOST, Ledger
from ..errors import Refused
from ..report import Report
from .current import Environment, RunningRelease, told

SECOND = timedelta(seconds=1)
UNKNOWN = "whether it was healthy is not known"


class PastArrival(Struct, rename={"from_": "from"}):
    """A release ran in [from, until); until None: it still does."""

    place: str
    release: RunningRelease
    from_: datetime
    until: datetime | None


class PastArrivals(Struct):
    items: list[PastArrival]


def healthy_before(ledger: Ledger, service: str, environment: str, wanted: str, report: Report) -> str:
    """The version of the newest arrival below `wanted`, which the GitOps repo has for `environment`, that was healthy
    to its end; `wanted` itself where something higher still runs, so that a rollback is on its way already."""
    answer = ledger.arrivals(environment, service)
    arrivals = told(answer, PastArrivals).items if answer else []
    if len({it.place for it in arrivals if it.until is None}) > 1:
        raise _unknown(service, environment, "it runs in several places there")
    for arrival in arrivals:
        version = arrival.release.version
        if version == wanted or not Version.is_valid(version):
            continue
        if Version.parse(version) > Version.parse(wanted):
            if arrival.until is None:
                return wanted
            raise _unknown(service, environment, f"{wanted} follows a higher version, {version}, there")
        cause = _unhealthy(arrival, ledger, environment)
        if cause == UNKNOWN:
            raise _unknown(service, environment, f"{version} ran there, and {UNKNOWN}")
        if cause:
            report.did("rollback", f"{version} ran in {environment}, and {cause}: passed over")
        else:
            return version
    more = f" among the newest {MOST} arrivals" if len(arrivals) == MOST else ""
    raise _unknown(service, environment, f"no release below {wanted} is known to have been healthy there{more}")


def _unhealthy(arrival: PastArrival, ledger: Ledger, environment: str) -> str:
    """Why it does not count, as it was in its last second; "" where it was healthy."""
    if not arrival.release.known:
        return "it is not filed"
    if arrival.release.mismatched:
        return "not with the chart that was published"
    at = max(arrival.from_, arrival.until - SECOND).astimezone(UTC) if arrival.until else None
    answer = ledger.environment(environment, f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "")
    rows = [it for it in told(answer, Environment).services if it.place == arrival.place] if answer else []
    row = next((it for it in rows if it.release and it.release.version == arrival.release.version), None)
    if row is None or row.health == "unknown" or not row.running_certain:
        return UNKNOWN
    return "" if row.health == "healthy" else f"its health was {row.health}"


def _unknown(service: str, environment: str, cause: str) -> Refused:
    return Refused(
        f"What to go back to of {service} in {environment} is not clear: {cause}.",
        f"Name the release: `waybill rollback {service} VERSION -e {environment} ...`.",
        fault="you",
    )
