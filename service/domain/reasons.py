"""The reasons of Flux's events, and what each does to a place.

helm-controller's reasons: https://fluxcd.io/flux/components/helm/helmreleases/#events, and api/v2/condition_types.go.
"""

from datetime import datetime
from typing import NamedTuple

from .effects import OF_A_REVISION, attempted, failing, healthy, removed, rolled_back, runs, taken_back
from .event import EPOCH, SECOND, Event, parse
from .state import AHEAD, LATE, Effect, Entry, position


class Reason(NamedTuple):
    """`rank` orders events of one second and one resourceVersion."""

    effect: Effect
    rank: int


REASONS = {
    "InstallFailed": Reason(attempted, 1),
    "UpgradeFailed": Reason(attempted, 1),
    "InstallSucceeded": Reason(runs, 2),
    "UpgradeSucceeded": Reason(runs, 2),
    "RollbackSucceeded": Reason(rolled_back, 3),
    "RollbackFailed": Reason(failing, 3),
    "TestSucceeded": Reason(healthy, 4),
    "TestFailed": Reason(failing, 4),
    "DriftCorrected": Reason(healthy, 5),
    "DriftDetected": Reason(failing, 5),
    "DriftCorrectionFailed": Reason(failing, 5),
    "UninstallSucceeded": Reason(removed, 6),
    "UninstallFailed": Reason(failing, 6),
}
# Flux removes a failed release as its remedy with the reason of an uninstall; only the message differs.
REMEDIATION = "Helm uninstall remediation"
TAKEN_BACK = Reason(taken_back, 6)


def reason_of(event: Event) -> Reason | None:
    """None: an event with this reason changes nothing."""
    if event.reason == "UninstallSucceeded" and event.message.startswith(REMEDIATION):
        return TAKEN_BACK
    return REASONS.get(event.reason)


def event_entry(body: bytes, sha256: str, received_at: datetime) -> Entry | None:
    """The entry of a signed body; None: it is no event of a HelmRelease, or one that changes nothing.

    An event from the future counts at the time of receipt: the sender's clock is ahead.
    """
    event = parse(body)
    if event is None or (reason := reason_of(event)) is None:
        return None
    if event.version is None and reason.effect in OF_A_REVISION:
        return None
    received = (received_at - EPOCH) / SECOND
    at = int(received) if event.time > received + AHEAD else event.time
    return Entry(
        place=event.place,
        position=position(at, event.resource_version, reason.rank, sha256),
        at=at,
        effect=reason.effect,
        cause=event.reason,
        version=event.version,
        oci_digest=event.oci_digest,
        chart=event.chart,
        service=event.service,
        message=event.message,
        basis="late" if received > event.time + LATE else "observed",
    )
