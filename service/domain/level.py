"""The level: what an observer saw of one HelmRelease at one moment, and how it is read.

helm-controller 1.6.3 composes Ready of Remediated, TestSuccess (unless failures of tests are ignored) and Released, in
this order (internal/reconcile/release.go, `summarize`). Any other reason of Ready=False comes before an action of Helm
could begin (internal/controller/helmrelease_controller.go).
"""

from typing import NamedTuple

import msgspec

from .event import DIGEST, only

FAILED = frozenset({"InstallFailed", "UpgradeFailed", "TestFailed", "RollbackFailed", "UninstallFailed"})
SUMMARY = ("Remediated", "TestSuccess", "Released")
UNDER_WAY, RETRYING, CANCELED = "Reconciling", "ProgressingWithRetry", "HealthCheckCanceled"
SOURCE_NOT_READY = "SourceNotReady"
WAITING = "RetryAfterInterval"  # helm-controller 1.4.0 to 1.4.2, of Ready, after any action; later RETRYING


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """`since`: its lastTransitionTime, in seconds since 1970."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: int | None = None


class HelmRevision(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An entry of `status.history`: https://fluxcd.io/flux/components/helm/helmreleases/#history. `deployed_at` is when
    Helm's action began, in seconds since 1970."""

    status: str
    chart_version: str
    chart_name: str = ""
    version: int = 0
    action: str = ""
    deployed_at: int | None = None
    oci_digest: str | None = None


class LevelImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """`asked` is the pod's own spec.image, `running` the imageID that its kubelet reports."""

    workload: str
    container: str
    asked: str
    running: str = ""


class Level(msgspec.Struct, frozen=True, omit_defaults=True):
    """`cluster`: where it is; "": its observer is older, or may not know. `counts`: the controller has seen this
    generation. `deleted`: it is about to be deleted. `tests`: their time-out in seconds, if they are to run.
    `conditions` None: the observer did not look at them; `images` None: nor at pods, or `unseen` says why it could not.
    """

    namespace: str
    name: str
    uid: str = ""
    counts: bool = True
    deleted: bool = False
    suspended: bool = False
    tests: int | None = None
    tests_ignored: bool = False
    conditions: tuple[Condition, ...] | None = None
    history: tuple[HelmRevision, ...] = ()
    images: tuple[LevelImage, ...] | None = None
    unseen: str | None = None
    cluster: str = ""

    def condition(self, type: str) -> Condition | None:
        return next((it for it in self.conditions or () if it.type == type), None)


class Reading(NamedTuple):
    """What a level's conditions say. `health` None: nothing; `blocked`: why nothing new can be applied."""

    health: str | None
    cause: str | None = None
    since: int | None = None
    blocked: Condition | None = None


def reading(it: Level) -> Reading:
    ready = it.condition("Ready")
    stated = _stated(it, ready)
    if ready is None or ready.reason == WAITING:
        return Reading(*stated)
    if ready.status == "Unknown" or ready.reason == CANCELED:
        return Reading("progressing", ready.reason or "Progressing", ready.since)
    if ready.status == "True":
        drifted = it.condition("Drifted")
        if drifted and drifted.status == "True":
            return Reading("failing", drifted.reason or "DriftDetected", drifted.since)
        return Reading("healthy", ready.reason, ready.since)
    if ready.reason in FAILED:
        return Reading("failing", ready.reason, ready.since)
    if ready.reason == "RollbackSucceeded":
        return Reading("healthy", ready.reason, ready.since)
    if ready.reason == "UninstallSucceeded":
        return Reading(None)
    return Reading(*stated, blocked=ready)


def _stated(it: Level, ready: Condition | None) -> tuple[str | None, str | None, int | None]:
    """The health by the first condition that Ready is composed of, where Ready itself says something else."""
    for type in SUMMARY:
        found = it.condition(type)
        if found is None or (type == "TestSuccess" and it.tests_ignored):
            continue
        if found.reason in FAILED:
            return "failing", found.reason, found.since
        if found.status == "True":
            return "healthy", found.reason, found.since
    return None, None, None


def under_way(it: Level) -> bool:
    """A reconcile is under way, so the level may tell a part of what it does."""
    found = it.condition(UNDER_WAY)
    return it.deleted or (found is not None and found.status == "True" and found.reason != RETRYING)


def is_in_between(it: Level) -> bool:
    """A reconcile is under way, and nothing blocks it."""
    return under_way(it) and not it.suspended and reading(it).blocked is None


def progresses(it: Level) -> bool:
    """Of a reconcile that is under way: something is being done. helm-controller marks each one when it begins, also at
    every interval; what it does then begins with Ready=Unknown, or with a generation that it has not observed yet."""
    health = reading(it).health
    return it.deleted or health == "progressing" or not (it.counts or health == "failing" or _is_done(it))


def _is_done(it: Level) -> bool:
    """The reconcile that is under way has made it ready, and is about to say so of the generation."""
    ready, begun = it.condition("Ready"), it.condition(UNDER_WAY)
    return bool(ready and begun and ready.status == "True" and (ready.since or 0) >= (begun.since or 0))


def tells_nothing(it: Level) -> bool:
    """A reconcile has begun, and what it will do is not known: all is as it was before, for all that is known."""
    return is_in_between(it) and not progresses(it)


def given_up(it: Level) -> bool:
    """Flux tries no more until something changes."""
    found = it.condition("Stalled")
    return found is not None and found.status == "True"


def uninstalled(it: Level) -> bool:
    """Helm's release is gone. After a remedy helm-controller 1.6.3 leaves `uninstalling` in the history."""
    newest, remedy = latest(it), it.condition("Remediated")
    if newest is None:
        return False
    remedied = remedy is not None and (remedy.status, remedy.reason) == ("True", "UninstallSucceeded")
    return newest.status == "uninstalled" or (newest.status == "uninstalling" and remedied)


def latest(it: Level) -> HelmRevision | None:
    """Helm's newest revision: Flux lists it first."""
    return max(it.history, key=lambda revision: revision.version, default=None)


def digest_of(it: HelmRevision) -> str | None:
    return only(DIGEST, it.oci_digest)
