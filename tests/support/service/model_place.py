"""The model of one place: what was said of it, in order, and what each does. Written from what Flux does alone."""

# long because: the rules are read side by side.
from dataclasses import dataclass, field, replace
from typing import Any

# What helm-controller does one after the other in one reconcile.
SEQUENCE = (
    ("AccessDenied", "ArtifactFailed", "DependencyNotReady", "InvalidCELExpression", "ValuesError", "PendingRelease"),
    ("InstallSucceeded", "InstallFailed", "UpgradeSucceeded", "UpgradeFailed"),
    ("TestSucceeded", "TestFailed"),
    ("DriftDetected",),
    ("DriftCorrected", "DriftCorrectionFailed"),
    ("RollbackSucceeded", "RollbackFailed", "UninstallSucceeded", "UninstallFailed"),
    ("HealthCheckCanceled",),
)
REASONS = [reason for step in SEQUENCE for reason in step]
NO_EFFECT = ("InventoryBuildFailed", "Progressing")
REMEDIATION = "Helm uninstall remediation"
WEAKEST = ["absence", "snapshot", "late", "event"]


@dataclass(frozen=True)
class Seen:
    """A HelmRelease as an observer saw it. `history`: (status, version, digest, deployed at), newest first. `ready`:
    (status, reason, since). `under_way`: a reconcile is."""

    history: tuple[tuple[str, str, str | None, int], ...]
    ready: tuple[str, str, int]
    suspended: bool = False
    under_way: bool = False
    old_generation: bool = False


@dataclass(frozen=True)
class Said:
    """`at` and `received` in seconds; `chart` is the name in the message; `digest` the chart's, if told. An observer's
    have the reason "seen", with what he saw, or "absent"."""

    name: str
    reason: str
    version: str
    at: int
    received: int
    resource_version: int
    sha256: str
    digest: str | None = None
    service: str | None = None
    chart: str = ""
    message: str = ""
    uid: str = ""
    seen: Seen | None = None

    @property
    def counts_at(self) -> int:
        return self.received if self.at > self.received + 60 else self.at

    @property
    def basis(self) -> str:
        known = {"seen": "snapshot", "absent": "absence"}
        return known.get(self.reason) or ("late" if self.received > self.at + 300 else "event")

    @property
    def rank(self) -> int:
        return next((number for number, step in enumerate(SEQUENCE) if self.reason in step), 9)

    @property
    def order(self) -> tuple[int, bool, int, int, str]:
        return self.resource_version, self.reason != "seen", self.counts_at, self.rank, self.sha256


@dataclass(frozen=True)
class Ran:
    """What began to run `since` then, by what was `said`."""

    said: Said
    since: int
    number: int


@dataclass(frozen=True)
class Told:
    """What the history tells beside arrivals: `said` names the revision."""

    kind: str
    at: int
    said: Said | None
    cause: str | None
    to: str | None


@dataclass
class Place:
    """`ran` has (what ran, until, basis, ended by)."""

    runs: Ran | None = None
    health: str = "unknown"
    health_since: int | None = None
    cause: str | None = None
    attempt: dict[str, Any] | None = None
    failed: Said | None = None
    blocked: tuple[str, int] | None = None
    suspended: int | None = None
    drifted: int | None = None
    uncertain: bool = False
    left: Ran | None = None
    gone: int | None = None
    heard: int = -1
    turned: int = 0
    turns: int = 0
    ran: list[tuple[Ran, int, str, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    ill: bool = False
    told_blocked: str | None = None

    def hear(self, it: Said) -> None:
        was = replace(self)
        if it.reason == "absent":
            self._absent(it)
        elif it.seen:
            self._see(it, it.seen)
        else:
            self._event(it)
        self._tell_changes(it, was)
        if it.reason != "absent":
            self.heard = max(self.heard, it.counts_at)

    def _tell_changes(self, it: Said, was: "Place") -> None:
        """What differs from how it was, and what else an observer must be the first to tell."""
        named = self.runs.said if self.runs else self.failed if self.attempt else None
        if it.seen:
            self._tell_failure(it, was)
        gone = was.runs or was.left
        if gone and not self.runs:
            if not self.left:
                self._tell("removed", max(it.counts_at, gone.since), gone.said, it.reason)
            elif was.runs:
                self._tell("unmanaged", max(it.counts_at, gone.since), gone.said, it.reason)
        if self.health != was.health and self.health_since is not None:
            if self.health == "progressing":
                self._tell("progressing", self.health_since, named, self.cause)
            elif self.health == "healthy" and was.ill:
                self._tell("recovered", self.health_since, named, self.cause)
        self._tell_blocks(it, was, named)
        if self.suspended and not was.suspended:
            self._tell("suspended", self.suspended, named, it.reason)
        if self.health == "failing":
            self.ill = True
        elif self.health == "healthy" or not named:
            self.ill = False

    def _tell_blocks(self, it: Said, was: "Place", named: Said | None) -> None:
        """An observer's word counts from half a minute on; what it is then told of may be over already."""
        over = was.blocked and (not self.blocked or self.blocked[0] != was.blocked[0])
        if over and was.blocked and self.told_blocked != was.blocked[0] and it.counts_at >= was.blocked[1] + 30:
            before = was.runs.said if was.runs else was.failed if was.attempt else None
            self._tell("blocked", was.blocked[1], before, was.blocked[0])
            self.told_blocked = was.blocked[0]
        lasts = self.blocked and ((it.rank == 0 and not it.seen) or it.counts_at >= self.blocked[1] + 30)
        if lasts and self.blocked and self.told_blocked != self.blocked[0]:
            self._tell("blocked", self.blocked[1], named, self.blocked[0])
            self.told_blocked = self.blocked[0]
        elif was.blocked and not self.blocked and named and self.told_blocked:
            self._tell("unblocked", it.counts_at, named, it.reason)
        if not self.blocked:
            self.told_blocked = None

    def _tell_failure(self, it: Said, was: "Place") -> None:
        """An observer tells what no event told within a minute before."""
        new = self.attempt and (not was.attempt or was.attempt["version"] != self.attempt["version"])
        since = self.attempt["at"] if self.attempt and new else self.health_since
        failing = self.health == "failing"
        if (new or (failing and was.health != "failing")) and not self._told_since(since, "failed", "drifted"):
            named = self.failed if self.attempt else self.runs.said if self.runs else None
            self._tell("failed", since or 0, named, self.cause if failing else "failed")
        if self.attempt and self.attempt["outcome"] == "rolled back" and (new or was.attempt != self.attempt):
            well = self.cause == "RollbackSucceeded"
            at = self.health_since if well and self.health_since else it.counts_at
            if not self._told_since(at, "rolled_back"):
                self._tell("rolled_back", at, self.failed, self.cause, self.runs.said if self.runs else None)

    def _told_since(self, at: int | None, *kinds: str) -> bool:
        return any(each.at + 60 >= (at or 0) for each in self.told if each.kind in kinds)

    def _tell(self, kind: str, at: int, said: Said | None, cause: str | None, to: Said | None = None) -> None:
        self.told.append(Told(kind, at, said, cause, to.version if to else None))

    def _block(self, it: Said) -> None:
        if it.reason == "PendingRelease":
            self.blocked = None
        elif not self.blocked or self.blocked[0] != it.reason:
            self.blocked = it.reason, it.counts_at
        else:
            self.blocked = it.reason, min(self.blocked[1], it.counts_at)

    def _event(self, it: Said) -> None:
        same = self.runs is not None and _same(self.runs.said, it)
        if it.rank == 0:
            self._block(it)
        elif it.reason in ("InstallSucceeded", "UpgradeSucceeded"):
            self.attempt = self.blocked = self.drifted = None
            self.uncertain = False
            if not same:
                self._begins(it, it.counts_at, it)
            elif self.runs:
                self._tell("reconfigured", it.counts_at, self.runs.said, it.reason)
            self._is("healthy", it.reason, it.counts_at)
        elif it.reason in ("InstallFailed", "UpgradeFailed"):
            self.blocked = None
            self._tried(it, "failed")
            self.uncertain = self.runs is not None
            self._is("failing", it.reason, it.counts_at)
            self._tell("failed", it.counts_at, it, it.reason)
        elif it.reason == "RollbackSucceeded":
            self._back(it, same)
        elif it.reason == "UninstallSucceeded":
            self._uninstalled(it)
        elif it.reason == "HealthCheckCanceled":
            self._canceled(it)
        else:
            if it.reason in ("TestFailed", "DriftCorrectionFailed", "RollbackFailed", "UninstallFailed"):
                self._tell("failed", it.counts_at, it, it.reason)
            if self.runs and not (it.reason.startswith("Test") and not same):
                self._health(it, self.runs.said)

    def _health(self, it: Said, runs: Said) -> None:
        self.blocked = None
        if it.reason == "DriftDetected" and not (self.drifted and self.health == "failing"):
            self._tell("drifted", it.counts_at, runs, it.reason)
        if it.reason in ("DriftDetected", "DriftCorrectionFailed"):
            self.drifted = it.counts_at
        elif it.reason == "DriftCorrected":
            self.drifted = None
        elif it.reason in ("RollbackFailed", "UninstallFailed"):
            self.uncertain = True
        well = it.reason in ("TestSucceeded", "DriftCorrected")
        self._is("healthy" if well else "failing", it.reason, it.counts_at)

    def _back(self, it: Said, same: bool) -> None:
        self.blocked = None
        self.uncertain = False
        if self.attempt:
            self.attempt = {**self.attempt, "outcome": "rolled back"}
        elif self.runs and not same:
            self._gave_way(it, "rolled back")
        if not same:
            self._begins(it, it.counts_at, it)
            self.drifted = None
        self._is("healthy", it.reason, it.counts_at)
        self._tell("rolled_back", it.counts_at, self.failed if self.attempt else None, it.reason, it)

    def _canceled(self, it: Said) -> None:
        if self.runs or self.attempt:
            self.attempt = None
            self._is("progressing", it.reason, it.counts_at)

    def _uninstalled(self, it: Said) -> None:
        remedy = it.message.startswith(REMEDIATION)
        if remedy and self.runs and not self.attempt:
            self._gave_way(it, "failed")
            if not self._told_since(it.counts_at, "failed", "drifted"):
                self._tell("failed", it.counts_at, self.failed, it.reason)
        attempt, failed = (self.attempt, self.failed) if remedy else (None, None)
        self._ends(it)
        self._forget()
        self.attempt, self.failed = attempt, failed
        if attempt:
            self._is("failing", it.reason, it.counts_at)

    def _absent(self, it: Said) -> None:
        left, gone = (self.runs, it.counts_at) if self.runs else (self.left, self.gone)
        self._ends(it)
        self._forget()
        self.suspended, self.left, self.gone = None, left, gone
        if left:
            self.health_since, self.cause = gone, "absent"

    def _see(self, it: Said, seen: Seen) -> None:
        if seen.suspended:
            self.suspended = self.suspended or it.counts_at
            return
        self.suspended = None
        if seen.under_way and it.counts_at <= self.heard:
            return
        status, reason, since = seen.ready
        since = min(it.received if since > it.received + 60 else since, it.counts_at)
        blocks = status == "False" and reason not in ("UpgradeFailed", "RollbackSucceeded", "UninstallSucceeded")
        blocked = (reason, since) if blocks else None
        if blocked and self.blocked and self.blocked[0] == reason:
            blocked = reason, min(self.blocked[1], since)
        if seen.under_way:
            if blocked:
                self.blocked = blocked
            elif (self.runs or self.attempt) and (
                status == "Unknown" or (seen.old_generation and status != "True" and reason != "UpgradeFailed")
            ):
                self._is("progressing", "Reconciling", since)
            return
        self.blocked = blocked
        if seen.old_generation:
            return
        self._history(it, seen)
        known = {"True": "healthy", "Unknown": "progressing"}.get(status)
        if status == "False" and not blocks:
            known = {"UpgradeFailed": "failing", "RollbackSucceeded": "healthy"}.get(reason)
        if known and (self.runs or (self.attempt and known != "healthy")):
            self._is(known, reason, since)

    def _history(self, it: Said, seen: Seen) -> None:
        if not seen.history:
            return
        newest, well = seen.history[0], seen.ready[0] == "True"
        if newest[0] == "uninstalled":
            blocked = self.blocked
            self._ends(it)
            self._forget()
            self.blocked = blocked
            return
        deployed = next((each for each in seen.history if each[0] == "deployed"), None)
        if deployed:
            told = replace(it, version=deployed[1], digest=deployed[2], service=None)
            if self.runs is None or not _same(self.runs.said, told):
                at = it.received if deployed[3] > it.received + 60 else deployed[3]
                named = self.runs.said.service if self.runs and self.runs.said.chart == it.chart else None
                attempt, failed, suspended, blocked = self.attempt, self.failed, self.suspended, self.blocked
                self._begins(replace(told, service=named), min(at, it.counts_at), it)
                self._forget(keep_running=True)
                self.attempt, self.failed, self.suspended, self.blocked = attempt, failed, suspended, blocked
        if newest[0] == "failed":
            at = min(it.received if newest[3] > it.received + 60 else newest[3], it.counts_at)
            if not self.attempt or self.attempt["version"] != newest[1]:
                self.attempt = {"version": newest[1], "outcome": "failed", "at": at, "message": ""}
                self.failed = replace(it, version=newest[1], service=None)
            self.uncertain = self.runs is not None
        elif newest[0] == "deployed":
            self.uncertain = False
            if seen.ready[1] == "RollbackSucceeded":
                self._was_rolled_back(it, seen)
            elif well:
                self.attempt = None

    def _was_rolled_back(self, it: Said, seen: Seen) -> None:
        failed = next((each for each in seen.history if each[0] == "failed"), None)
        if self.attempt:
            self.attempt = {**self.attempt, "outcome": "rolled back"}
        elif failed:
            at = it.received if failed[3] > it.received + 60 else failed[3]
            self.attempt = {"version": failed[1], "outcome": "rolled back", "at": at, "message": ""}
            self.failed = replace(it, version=failed[1], service=None)

    def _is(self, health: str, cause: str, at: int) -> None:
        if self.health != health or self.health_since is None:
            self.health, self.health_since = health, max(at, self.runs.since) if self.runs else at
        self.cause = cause

    def _begins(self, it: Said, since: int, by: Said) -> None:
        self._ends(by, since)
        self.turned = max(self.turned, since)
        self.turns += 1
        self.runs = Ran(it, self.turned, self.turns)
        self.health, self.health_since = "unknown", None
        self.left = self.gone = None

    def _ends(self, by: Said, at: int | None = None) -> None:
        if self.runs is not None:
            until = max(self.turned, by.counts_at if at is None else at)
            basis = min(self.runs.said.basis, by.basis, key=WEAKEST.index)
            self.ran.append((self.runs, until, basis, by.reason))
            if at is None:
                self.turned = until
                self.turns += 1
        self.runs = None

    def _forget(self, *, keep_running: bool = False) -> None:
        fresh = Place()
        kept = {"ran", "told", "ill", "told_blocked", "turned", "turns", "suspended", "heard"} | (
            {"runs", "left", "gone"} if keep_running else set()
        )
        for name, value in vars(fresh).items():
            if name not in kept:
                setattr(self, name, value)

    def _tried(self, it: Said, outcome: str) -> None:
        self.failed = it
        self.attempt = {"version": it.version, "outcome": outcome, "at": it.counts_at, "message": it.message}

    def _gave_way(self, it: Said, outcome: str) -> None:
        assert self.runs
        self._tried(it, outcome)
        self.failed = self.runs.said
        assert self.attempt
        self.attempt["version"] = self.runs.said.version


def _same(one: Said, other: Said) -> bool:
    """Two digests decide; else the versions, with the build metadata that helm-controller makes of a digest."""
    if one.version != other.version:
        return False
    if one.digest and other.digest:
        return one.digest == other.digest
    return one.digest is None and other.digest is None


def in_order(said: list[Said]) -> list[Said]:
    """Of one object. By its version; a cluster that was restored counts anew after more than an hour. What has no
    version comes before the first that is later, or that comes after a later one."""
    versioned = [it for it in said if it.reason != "absent"]
    runs: list[list[Said]] = [[]]
    for it in sorted(versioned, key=lambda it: (it.counts_at, it.order)):
        before = [each for each in versioned if each in runs[-1]]
        latest = max((each.counts_at for run in runs for each in run), default=it.counts_at)
        below = before and it.resource_version < max(each.resource_version for each in before)
        if below and it.counts_at - latest > 3600:
            runs.append([])
        runs[-1].append(it)
    ordered = [it for run in runs for it in sorted(run, key=lambda it: it.order)]
    for gone in sorted((it for it in said if it.reason == "absent"), key=lambda it: it.counts_at):
        later = (number for number, it in enumerate(ordered) if it.counts_at > gone.counts_at)
        ordered.insert(next(later, len(ordered)), gone)
    return ordered
