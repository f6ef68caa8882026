"""Which release an environment runs, from the ledger: only a healthy, known and single one may be promoted."""

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from ..errors import Refused

if TYPE_CHECKING:
    from ..clients.ledger import Ledger

T = TypeVar("T")


class RunningRelease(Struct):
    version: str
    known: bool
    mismatched: bool = False
    commit: str | None = None


class Named(Struct):
    version: str


class Running(Struct):
    """`release` None: nothing is known to run. `unmanaged`: what its HelmRelease, which is gone, had installed last."""

    service: str
    place: str
    health: str
    release: RunningRelease | None
    health_cause: str | None = None
    running_certain: bool = True
    attempt: Named | None = None
    unmanaged: Named | None = None
    contested: list[Any] = []
    overridden: bool = False


class Environment(Struct):
    services: list[Running]


def told(answer: dict[str, Any], shape: type[T]) -> T:
    """The ledger's `answer`, as it must be to be read here."""
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError as error:
        raise Refused(
            f"The ledger's answer cannot be read: {error}.",
            "Use a Waybill that is as new as the ledger.",
            fault="ledger",
        ) from error


def running(answer: dict[str, Any] | None, service: str, environment: str) -> str:
    """The version of `service` in an answer to GET /environments/{environment}; refused with the cause if unclear."""
    mine = _rows(answer, service)
    cause = _unclear(mine) if mine else "nothing of it runs there"
    if answer is None:
        cause = f"{environment} never reported to the ledger"
    if cause:
        raise Refused(
            f"What to promote of {service} is not clear from {environment}: {cause}.",
            "Correct that, name the release with --version, or another environment with --from.",
            fault="ledger" if answer is None else "you",
        )
    return str(mine[0].release and mine[0].release.version)


def known_commit(ledger: "Ledger | None", service: str, environment: str) -> tuple[str, str] | None:
    """Version and source commit of what runs in an environment; None where the ledger does not tell, is not certain,
    or its places differ."""
    try:
        rows = _rows(ledger.environment(environment), service) if ledger else []
    except Refused:
        return None
    sure = [row for row in rows if row.running_certain and row.health_cause != "silent"]
    certain = [row.release for row in sure if row.release and not row.release.mismatched]
    found = {(release.version, release.commit) for release in certain}
    version, commit = found.pop() if len(found) == 1 and len(certain) == len(rows) else ("", None)
    return (version, commit) if commit else None


def _rows(answer: dict[str, Any] | None, service: str) -> list[Running]:
    rows = told(answer, Environment).services if answer else []
    return [row for row in rows if row.service == service]


def _unclear(rows: list[Running]) -> str | None:
    for row in rows:
        if row.release is None:
            return _nothing(row)
        said = f"{row.place} runs {row.release.version}"
        if not row.release.known:
            return f"{said}, a release that is not filed"
        if row.release.mismatched:
            return f"{said}, but not with the chart that was published"
        if row.overridden:
            return f"{said}, but not with the images of that release"
        if row.health != "healthy":
            return f"{said}, and its health is {row.health}" + (f" ({row.health_cause})" if row.health_cause else "")
        if not row.running_certain:
            return f"{said}, but another release may run in part"
    versions = {f"{row.release.version} in {row.place}" for row in rows if row.release}
    if len({row.release.version for row in rows if row.release}) > 1:
        return f"its places differ, {' and '.join(sorted(versions))}"
    return None


def _nothing(row: Running) -> str:
    """Why it is not known what runs there."""
    if row.contested:
        return f"{len(row.contested)} clusters report as {row.place}"
    if row.unmanaged:
        return f"the HelmRelease of {row.unmanaged.version} in {row.place} is gone, and whether that runs is unknown"
    return f"nothing runs in {row.place}" + (f", where {row.attempt.version} failed" if row.attempt else "")
