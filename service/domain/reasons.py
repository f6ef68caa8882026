"""The reasons of Flux's events: what each does to a place, and its place in the sequence of one reconcile.

All that helm-controller 1.2.0 to 1.6.3 emits about a HelmRelease: api/v2/condition_types.go, and the calls of Eventf in
internal/controller/helmrelease_controller.go and internal/reconcile/*.go; tests/service/test_reasons.py has them by
version. The sequence is that of internal/reconcile/atomic_release.go: unlock, one action of Helm, its test, drift found
and corrected, the remedy; what precedes them ends the reconcile. Of sources: source-controller 1.9.4,
internal/controller/{helmchart,ocirepository}_*.go.
"""

from datetime import datetime
from typing import NamedTuple

from . import effects
from .event import EPOCH, NO_VERSION, OTHER_REASON, SECOND, SOURCES, Cause, Event, parse
from .state import LATE, Effect, Entry, told_at


class Reason(NamedTuple):
    """`effect` None: it changes nothing. `rank` orders the events of one reconcile in one second."""

    effect: Effect | None
    rank: int


REASONS = {
    "AccessDenied": Reason(effects.blocked, 0),
    "ArtifactFailed": Reason(effects.blocked, 0),
    "DependencyNotReady": Reason(effects.blocked, 0),
    "InvalidCELExpression": Reason(effects.blocked, 0),
    "ValuesError": Reason(effects.blocked, 0),
    "PendingRelease": Reason(effects.unblocked, 0),  # Flux unlocked it; where it could not, see below
    "InstallSucceeded": Reason(effects.runs, 1),
    "InstallFailed": Reason(effects.attempted, 1),
    "UpgradeSucceeded": Reason(effects.runs, 1),
    "UpgradeFailed": Reason(effects.attempted, 1),
    "TestSucceeded": Reason(effects.test_succeeded, 2),
    "TestFailed": Reason(effects.test_failed, 2),
    "DriftDetected": Reason(effects.drifted, 3),
    "DriftCorrected": Reason(effects.corrected, 4),
    "DriftCorrectionFailed": Reason(effects.correction_failed, 4),
    "RollbackSucceeded": Reason(effects.rolled_back, 5),
    "RollbackFailed": Reason(effects.failing, 5),
    "UninstallSucceeded": Reason(effects.removed, 5),
    "UninstallFailed": Reason(effects.failing, 5),
    "HealthCheckCanceled": Reason(effects.canceled, 6),
    # Severity error, and yet no failure: only the inventory in the status is incomplete.
    "InventoryBuildFailed": Reason(None, 1),
    "NamespaceCheckSkipped": Reason(None, 1),
    # Severity trace: never sent.
    "HelmChartCreated": Reason(None, 0),
    "HelmChartConfigured": Reason(None, 0),
    "HelmChartDeleted": Reason(None, 0),
    "HelmChartSyncErr": Reason(None, 0),
}
UNLOCK_FAILED = Reason(effects.blocked, 0)
# Flux removes a failed release as its remedy with the reason of an uninstall; only the message differs.
REMEDIATION = "Helm uninstall remediation"
TAKEN_BACK = Reason(effects.taken_back, 5)
NO_FAILURE = Reason(None, 2)
SOURCE_FAILED, SOURCE_READY = Reason(effects.source_failed, 0), Reason(effects.source_ready, 0)


def reason_of(event: Event) -> Reason:
    if event.kind in SOURCES:
        return SOURCE_FAILED if event.severity == "error" else SOURCE_READY
    if event.reason == "PendingRelease" and event.severity == "error":
        return UNLOCK_FAILED
    if event.reason == "UninstallSucceeded" and event.message.startswith(REMEDIATION):
        return TAKEN_BACK
    if event.reason == "TestFailed" and event.tests_ignored:
        return NO_FAILURE
    return REASONS.get(event.reason, Reason(None, 0))


def event_entry(body: bytes, sha256: str, received_at: datetime) -> Entry | Cause:
    """The entry of a signed body, or why it has no effect.

    An event from the future counts at the time of receipt: the sender's clock is ahead.
    """
    event = parse(body)
    if isinstance(event, Cause):
        return event
    effect, rank = reason_of(event)
    if effect is None:
        return OTHER_REASON
    if event.version is None and effect in effects.OF_A_REVISION:
        return NO_VERSION
    received = (received_at - EPOCH) / SECOND
    return Entry(
        place=event.place,
        uid=event.uid,
        resource_version=event.resource_version if event.uid else "",
        at=told_at(event.time, int(received)),
        rank=rank,
        sha256=sha256,
        effect=effect,
        cause=event.reason,
        basis="late" if received > event.time + LATE else "event",
        version=event.version,
        build=event.build,
        oci_digest=event.oci_digest,
        chart=event.chart,
        service=event.service,
        release=event.release,
        image=event.image,
        tests=event.tests,
        tries=event.tries,
        message=event.message,
    )
