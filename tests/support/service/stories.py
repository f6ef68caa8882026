"""Stories: what really happened at one place, told by hand as Flux and an observer would tell it, and the truth in the
end. Written from what helm-controller 1.6.3 does; no rule of the ledger is looked at."""

# long because: each story is told with its truth beside it.
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .served import event

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE, HOTFIX, OTHER = (f"sha256:{it * 64}" for it in "abc")
REPOSITORY = "ghcr.io/acme/orders"


def at(seconds: int) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


def z(seconds: int) -> str:
    return f"{at(seconds):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Told:
    """A body, the door at which it is posted, and when it is received."""

    door: str
    body: bytes
    received: datetime


def E(seconds: int, reason: str, revision: str = "", *, rv: int = 1, uid: str = "u1", **more: Any) -> Told:  # noqa: N802
    """An event of Flux, received a second later."""
    metadata = ({"revision": revision} if revision else {}) | more.pop("metadata", {})
    lag = more.pop("lag", 1)
    said = event(reason, revision, at=at(seconds), resource_version=rv, metadata=metadata, **more)
    said["involvedObject"]["uid"] = uid
    return Told("", json.dumps(said).encode(), at(seconds + lag))


def C(seconds: int, reason: str) -> Told:  # noqa: N802
    """An event of the HelmChart that Flux made for the HelmRelease, which failed."""
    said = event(reason, at=at(seconds), severity="error", metadata={})
    said["involvedObject"] |= {"kind": "HelmChart", "name": "apps-orders", "uid": "c1"}
    return Told("", json.dumps(said).encode(), at(seconds + 1))


def condition(type: str, status: str, reason: str, since: int, message: str = "") -> dict[str, Any]:
    return {"type": type, "status": status, "reason": reason, "message": message, "since": z(since)}


def revision(number: int, status: str, version: str, since: int, **more: Any) -> dict[str, Any]:
    """An entry of the history of a HelmRelease."""
    known = {"version": number, "status": status, "chartName": "orders", "chartVersion": version}
    return known | {"lastDeployed": z(since)} | more


def image(asked: str, running: str = "", workload: str = "Deployment/orders") -> dict[str, Any]:
    return {"workload": workload, "container": "web", "asked": asked, "running": running, "pods": 2}


def L(seconds: int, *history: dict[str, Any], rv: int = 1, uid: str = "u1", **more: Any) -> Told:  # noqa: N802
    """A snapshot of the namespace `apps` that holds the HelmRelease `orders` alone, as it is then."""
    ready, cluster = more.pop("ready", None), more.pop("cluster", "")
    conditions = more.pop("conditions", [])
    listed = {
        "namespace": "apps",
        "name": "orders",
        "uid": uid,
        "resourceVersion": str(rv),
        "generation": 1,
        "observedGeneration": 1,
        "deletionTimestamp": None,
        "suspended": False,
        "tests": False,
        "remote": False,
        "conditions": [*([condition("Ready", *ready)] if ready else []), *conditions],
        "history": list(history),
        **more,
    }
    return snapshot(seconds, [listed], cluster=cluster)


def A(seconds: int, **more: Any) -> Told:  # noqa: N802
    """A snapshot of the namespace `apps` that holds nothing."""
    return snapshot(seconds, [], **more)


def snapshot(seconds: int, listed: list[dict[str, Any]], **more: Any) -> Told:
    whole = {"taken_at": z(seconds), "ranges": [{"namespace": "apps", "from": "", "until": ""}], "helmreleases": listed}
    return Told("/snapshot", json.dumps(whole | more).encode(), at(seconds + 1))


@dataclass(frozen=True)
class Story:
    """`before` is told first. `truth`: what GET /environments/{e} says of the place in the end, as far as it is told
    here, times in seconds; None: nothing. `ran`: the arrivals, oldest first: version, from, until, what ended it,
    basis."""

    told: list[Told]
    truth: dict[str, Any] | None
    ran: list[tuple[str, int, int | None, str | None, str]] = field(default_factory=list)
    before: list[Told] = field(default_factory=list)


OK = "Ready", "True"
V1, V2 = revision(1, "deployed", "1.0.0", 0), revision(2, "deployed", "1.1.0", 90)
V1_OVER = revision(1, "superseded", "1.0.0", 0)
V2_FAILED = revision(2, "failed", "1.1.0", 90)
OLD = ("1.0.0", 10, None, None, "event")
MARK = condition("Reconciling", "True", "Progressing", 695, "Fulfilling prerequisites")
RUNNING = condition("Reconciling", "True", "Progressing", 95, "Running 'upgrade' action with timeout of 5m0s")

STORIES: dict[str, Story] = {
    "a failed upgrade is rolled back in the same reconcile": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=9),
            E(101, "RollbackSucceeded", "1.0.0", rv=9),
        ],
        {
            "version": "1.0.0",
            "health": "healthy",
            "health_cause": "RollbackSucceeded",
            "attempt": ("1.1.0", "rolled back"),
        },
        [OLD],
    ),
    "the failure, the test and the roll back of one second": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeSucceeded", "1.1.0", rv=9),
            E(100, "TestFailed", "1.1.0", rv=9),
            E(100, "RollbackSucceeded", "1.0.0", rv=9),
        ],
        {"version": "1.0.0", "health": "healthy", "attempt": ("1.1.0", "rolled back")},
        [
            ("1.0.0", 10, 100, "UpgradeSucceeded", "event"),
            ("1.1.0", 100, 100, "RollbackSucceeded", "event"),
            ("1.0.0", 100, None, None, "event"),
        ],
    ),
    "drift that is found and corrected in one second": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(500, "DriftDetected", rv=20),
            E(500, "DriftCorrected", "1.0.0", rv=20),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 500, "health_cause": "DriftCorrected"},
        [OLD],
    ),
    "drift that is corrected, and found again by the same reconcile": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(500, "DriftDetected", rv=20, message="Cluster state has drifted: one"),
            E(501, "DriftCorrected", "1.0.0", rv=20),
            E(503, "DriftDetected", rv=20, message="Cluster state has drifted: two"),
        ],
        {"version": "1.0.0", "health": "failing", "health_since": 503, "drift_seen_at": 503},
        [OLD],
    ),
    "drift found again with the same text: notification-controller drops it, the condition tells": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(500, "DriftDetected", rv=20),
            E(501, "DriftCorrected", "1.0.0", rv=20),
            L(
                600,
                V1,
                rv=24,
                ready=("True", "InstallSucceeded", 10),
                conditions=[
                    condition("Drifted", "True", "DriftDetected", 502),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "failing", "health_since": 502, "health_cause": "DriftDetected"},
        [OLD],
    ),
    "drift in mode warn goes away, which no event tells": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(500, "DriftDetected", rv=20),
            L(
                900,
                V1,
                rv=24,
                ready=("True", "InstallSucceeded", 10),
                conditions=[
                    condition("Drifted", "False", "NoDriftDetected", 800),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "healthy", "drift_seen_at": None},
        [OLD],
    ),
    "drift in mode warn, of a controller that has no such condition": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(500, "DriftDetected", rv=20),
            L(900, V1, rv=24, ready=("True", "InstallSucceeded", 10)),
        ],
        {"version": "1.0.0", "health": "healthy", "drift_seen_at": 500},
        [OLD],
    ),
    "a bad change is reverted in git, and no event tells that it is well again": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=9),
            L(400, V1, rv=15, ready=("True", "InstallSucceeded", 300)),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 300, "attempt": None, "running_certain": True},
        [OLD],
    ),
    "a test fails, and failures of tests are ignored": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(20, "TestFailed", "1.0.0", rv=5),
            L(
                400,
                V1,
                rv=9,
                tests=True,
                testsIgnored=True,
                ready=("True", "InstallSucceeded", 12),
                conditions=[
                    condition("TestSuccess", "False", "TestFailed", 20),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "healthy"},
        [OLD],
    ),
    "every event is lost, and the last said that it failed": Story(
        [
            L(
                400,
                V2_FAILED,
                V1,
                rv=15,
                ready=("False", "UpgradeFailed", 95),
                conditions=[
                    condition("Released", "False", "UpgradeFailed", 95, "timed out"),
                ],
            )
        ],
        {
            "version": "1.0.0",
            "health": "failing",
            "health_since": 95,
            "attempt": ("1.1.0", "failed"),
            "running_certain": False,
        },
        [("1.0.0", 0, None, None, "snapshot")],
    ),
    "it was uninstalled as the remedy, and that event was lost": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(
                400,
                revision(1, "uninstalled", "1.0.0", 0, action="uninstall"),
                rv=15,
                ready=("False", "UninstallSucceeded", 300),
            ),
        ],
        None,
        [("1.0.0", 10, 400, "seen", "snapshot")],
    ),
    "tests run after the upgrade": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeSucceeded", "1.1.0", rv=9, metadata={"tests": "48h"}),
        ],
        {"version": "1.1.0", "health": "unknown"},  # since nobody told how they ended
        [("1.0.0", 10, 100, "UpgradeSucceeded", "event"), ("1.1.0", 100, None, None, "event")],
    ),
    "tests ran after the upgrade": Story(
        [
            E(100, "UpgradeSucceeded", "1.1.0", rv=9, metadata={"tests": "5m"}),
            E(130, "TestSucceeded", "1.1.0", rv=9),
        ],
        {"version": "1.1.0", "health": "healthy", "health_since": 130},
        [("1.1.0", 100, None, None, "event")],
    ),
    "the observer knows that tests are awaited": Story(
        [
            E(100, "UpgradeSucceeded", "1.1.0", rv=9),
            L(120, V2, V1_OVER, rv=12, tests=True, ready=("Unknown", "AwaitingTests", 101)),
        ],
        {"version": "1.1.0", "health": "progressing", "health_cause": "AwaitingTests"},
        [("1.1.0", 100, None, None, "event")],
    ),
    "an upgrade fails and is not rolled back": Story(
        [E(10, "InstallSucceeded", "1.0.0", rv=5), E(100, "UpgradeFailed", "1.1.0", rv=9)],
        {"version": "1.0.0", "health": "failing", "running_certain": False, "attempt": ("1.1.0", "failed")},
        [OLD],
    ),
    "it is retried until Flux gives up": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=9),
            E(
                400,
                "UpgradeFailed",
                "1.1.0",
                rv=19,
                message="Helm upgrade failed for release a/b with chart orders@1.1.0: x",
            ),
            L(
                900,
                revision(3, "failed", "1.1.0", 390),
                V2_FAILED,
                rv=25,
                ready=("False", "UpgradeFailed", 100),
                conditions=[
                    condition("Stalled", "True", "RetriesExceeded", 400),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "failing", "given_up": True, "running_certain": False},
        [OLD],
    ),
    "nothing new can be applied, and what runs is well": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(300, "DependencyNotReady", rv=9, message="dependency 'apps/db' is not ready"),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 10, "blocked": ("DependencyNotReady", 300)},
        [OLD],
    ),
    "the source is not ready, which no event tells": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(
                400,
                V1,
                rv=9,
                observedGeneration=1,
                generation=2,
                ready=("False", "SourceNotReady", 350),
                conditions=[
                    condition("Reconciling", "True", "Progressing", 350),
                    condition("Released", "True", "InstallSucceeded", 10),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "healthy", "blocked": ("SourceNotReady", 350)},
        [OLD],
    ),
    "the source told why it is not ready, and the observer sees that it is not": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            C(340, "ChartPullError"),
            L(
                400,
                V1,
                rv=9,
                ready=("False", "SourceNotReady", 350),
                conditions=[
                    condition("Reconciling", "True", "Progressing", 350),
                    condition("Released", "True", "InstallSucceeded", 10),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "healthy", "blocked": ("ChartPullError", 340)},
        [OLD],
    ),
    "what blocked it is over": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(300, "ArtifactFailed", rv=9),
            E(310, "UpgradeSucceeded", "1.1.0", rv=14),
        ],
        {"version": "1.1.0", "health": "healthy", "blocked": None},
        [("1.0.0", 10, 310, "UpgradeSucceeded", "event"), ("1.1.0", 310, None, None, "event")],
    ),
    "it is suspended while it fails, and its old condition stays": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "DriftDetected", rv=9),
            L(300, V1, rv=15, suspended=True, ready=("True", "InstallSucceeded", 10)),
        ],
        {"version": "1.0.0", "health": "failing", "suspended_since": 300},
        [OLD],
    ),
    "a reconcile is under way when the observer looks": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(
                100,
                V1,
                rv=9,
                ready=("Unknown", "Progressing", 95),
                conditions=[
                    condition("Reconciling", "True", "Progressing", 95),
                ],
            ),
        ],
        {"version": "1.0.0", "health": "progressing"},
        [OLD],
    ),
    "Flux removed a failed upgrade, as the real one leaves it, and its event was lost": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=7),
            L(
                200,
                revision(1, "uninstalling", "1.1.0", 150, action="uninstall-remediation"),
                rv=12,
                ready=("False", "InstallFailed", 160),
                conditions=[
                    condition("Released", "False", "InstallFailed", 160),
                    condition("Remediated", "True", "UninstallSucceeded", 160),
                    condition("Stalled", "True", "RetriesExceeded", 160),
                ],
            ),
        ],
        {"version": None, "health": "failing", "attempt": ("1.1.0", "failed"), "given_up": True},
        [("1.0.0", 10, 200, "seen", "snapshot")],
    ),
    "Flux is about to uninstall it, or failed to": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(
                200,
                revision(1, "uninstalling", "1.0.0", 0, action="uninstall"),
                rv=12,
                ready=("False", "UninstallFailed", 160),
                conditions=[condition("Released", "False", "UninstallFailed", 160)],
            ),
        ],
        {"version": "1.0.0", "health": "failing"},
        [OLD],
    ),
    "pods of two revisions run while an upgrade is under way": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(50, V1, rv=6, ready=("True", "InstallSucceeded", 10), images=[image(f"{REPOSITORY}@{IMAGE}")]),
            L(
                100,
                V1,
                rv=9,
                generation=2,
                ready=("Unknown", "Progressing", 95),
                conditions=[RUNNING],
                images=[image(f"{REPOSITORY}@{IMAGE}"), image(f"{REPOSITORY}@{HOTFIX}")],
            ),
        ],
        {"version": "1.0.0", "health": "progressing", "images": [f"{REPOSITORY}@{IMAGE}"], "images_seen_at": 50},
        [OLD],
    ),
    "every interval begins with the mark of a reconcile": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(100, V1, rv=8, ready=("True", "InstallSucceeded", 10)),
            L(700, V1, rv=9, ready=("True", "InstallSucceeded", 10), conditions=[MARK]),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 10},
        [OLD],
    ),
    "a new revision is to be applied, and the controller has just begun": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(700, V1, rv=9, generation=2, ready=("True", "InstallSucceeded", 10), conditions=[MARK]),
        ],
        {"version": "1.0.0", "health": "progressing", "health_since": 695},
        [OLD],
    ),
    "an upgrade is done, and its generation is not observed yet": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeSucceeded", "1.1.0", rv=7),
            L(101, V2, V1_OVER, rv=9, generation=2, ready=("True", "UpgradeSucceeded", 100), conditions=[RUNNING]),
        ],
        {"version": "1.1.0", "health": "healthy", "health_since": 100},
        [("1.0.0", 10, 100, "UpgradeSucceeded", "event"), ("1.1.0", 100, None, None, "event")],
    ),
    "an interval's mark on what failed for good": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=9),
            L(130, V2_FAILED, V1, rv=12, ready=("False", "UpgradeFailed", 100)),
            L(700, V2_FAILED, V1, rv=13, ready=("False", "UpgradeFailed", 100), conditions=[MARK]),
        ],
        {"version": "1.0.0", "health": "failing", "health_since": 100, "attempt": ("1.1.0", "failed")},
        [OLD],
    ),
    "an observer looks while an upgrade runs, whose event carries the version before": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(100, V1, rv=9, generation=2, ready=("Unknown", "Progressing", 95), conditions=[RUNNING]),
            E(160, "UpgradeSucceeded", "1.1.0", rv=7),
        ],
        {"version": "1.1.0", "health": "healthy", "health_since": 160},
        [("1.0.0", 10, 160, "UpgradeSucceeded", "event"), ("1.1.0", 160, None, None, "event")],
    ),
    "an observer looks while a failed upgrade is rolled back": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=7),
            L(110, V2_FAILED, V1, rv=9, generation=2, ready=("False", "UpgradeFailed", 100), conditions=[RUNNING]),
            E(150, "RollbackSucceeded", "1.0.0", rv=7),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 150, "attempt": ("1.1.0", "rolled back")},
        [OLD],
    ),
    "the clock of another node is slow, and the version decides": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(300, "UpgradeSucceeded", "1.1.0", rv=200),
            E(240, "UpgradeSucceeded", "1.2.0", rv=300),
        ],
        {"version": "1.2.0", "health": "healthy"},
        [
            ("1.0.0", 10, 300, "UpgradeSucceeded", "event"),
            ("1.1.0", 300, 300, "UpgradeSucceeded", "event"),
            ("1.2.0", 300, None, None, "event"),
        ],
    ),
    "versions of two lengths": Story(
        [E(100, "UpgradeSucceeded", "1.1.0", rv=10), E(100, "UpgradeSucceeded", "1.0.0", rv=9)],
        {"version": "1.1.0"},
        [("1.0.0", 100, 100, "UpgradeSucceeded", "event"), ("1.1.0", 100, None, None, "event")],
    ),
    "the cluster was restored, and counts anew": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5000),
            E(100, "UpgradeSucceeded", "1.1.0", rv=6000),
            E(9000, "UpgradeSucceeded", "1.2.0", rv=700),
        ],
        {"version": "1.2.0"},
        [
            ("1.0.0", 10, 100, "UpgradeSucceeded", "event"),
            ("1.1.0", 100, 9000, "UpgradeSucceeded", "event"),
            ("1.2.0", 9000, None, None, "event"),
        ],
    ),
    "it is deleted and created anew": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UninstallSucceeded", "1.0.0", rv=9),
            E(160, "InstallSucceeded", "1.1.0", rv=20, uid="u2"),
        ],
        {"version": "1.1.0", "contested": 0},
        [("1.0.0", 10, 100, "UninstallSucceeded", "event"), ("1.1.0", 160, None, None, "event")],
    ),
    "it is created anew, and the uninstall was not told": Story(
        [E(10, "InstallSucceeded", "1.0.0", rv=5), E(160, "InstallSucceeded", "1.1.0", rv=20, uid="u2")],
        {"version": "1.1.0", "contested": 0},
        [("1.0.0", 10, 160, "replaced", "event"), ("1.1.0", 160, None, None, "event")],
    ),
    "two clusters report as one place": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5, uid="eu"),
            E(20, "InstallSucceeded", "1.0.0", rv=900, uid="us"),
            E(500, "UpgradeSucceeded", "1.1.0", rv=9, uid="eu"),
        ],
        {"version": None, "health": "unknown", "health_cause": "contested", "contested": 2},
        [
            ("1.0.0", 10, 500, "UpgradeSucceeded", "event"),
            ("1.0.0", 20, None, None, "event"),
            ("1.1.0", 500, None, None, "event"),
        ],
    ),
    "the HelmRelease is gone, and nobody said that it was uninstalled": Story(
        [E(10, "InstallSucceeded", "1.0.0", rv=5), L(60, V1, rv=6, ready=("True", "InstallSucceeded", 10)), A(300)],
        {"version": None, "health": "unknown", "health_cause": "absent", "unmanaged": ("1.0.0", 300)},
        [("1.0.0", 10, 300, "absent", "absence")],
    ),
    "the HelmRelease is gone, and every round says so": Story(
        [A(300), A(600), A(900)],
        {
            "version": None,
            "health": "unknown",
            "health_since": 300,
            "health_cause": "absent",
            "unmanaged": ("1.0.0", 300),
        },
        [("1.0.0", 10, 300, "absent", "absence")],
        before=[E(10, "InstallSucceeded", "1.0.0", rv=5)],
    ),
    "between two rounds it was made anew and deleted, and that event comes after them": Story(
        [A(900), A(1200)],
        {"version": None, "health_since": 600, "health_cause": "absent", "unmanaged": ("1.1.0", 600)},
        [("1.0.0", 10, 300, "absent", "absence"), ("1.1.0", 400, 600, "absent", "absence")],
        before=[
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            A(300),
            A(600),
            E(400, "InstallSucceeded", "1.1.0", rv=20, lag=250, uid="u2"),
        ],
    ),
    "two clusters share a key, and one of them lacks the service": Story(
        [
            A(200, cluster="us"),
            L(300, V1, rv=6, ready=("True", "InstallSucceeded", 10), cluster="eu"),
            A(400, cluster="us"),
            A(700, cluster="us"),
        ],
        {"version": "1.0.0", "health": "healthy", "unmanaged": None},
        [OLD],
        before=[E(10, "InstallSucceeded", "1.0.0", rv=5)],
    ),
    "it is gone from the one of two clusters that had it": Story(
        [
            L(100, V1, rv=6, ready=("True", "InstallSucceeded", 10), cluster="eu"),
            A(200, cluster="us"),
            A(300, cluster="eu"),
            A(400, cluster="us"),
        ],
        {"version": None, "health": "unknown", "health_cause": "absent", "unmanaged": ("1.0.0", 300)},
        [("1.0.0", 0, 300, "absent", "absence")],
    ),
    "it moves from one cluster to another": Story(
        [
            A(110, cluster="us"),
            A(200, cluster="eu"),
            L(
                300,
                revision(1, "deployed", "1.0.0", 250),
                rv=7,
                uid="u2",
                ready=("True", "InstallSucceeded", 251),
                cluster="us",
            ),
            A(400, cluster="eu"),
        ],
        {"version": "1.0.0", "health": "healthy", "unmanaged": None, "contested": 0},
        [("1.0.0", 0, 200, "absent", "absence"), ("1.0.0", 250, None, None, "snapshot")],
        before=[L(100, V1, rv=60, ready=("True", "InstallSucceeded", 10), cluster="eu")],
    ),
    "an event of a cluster that was not looked at since": Story(
        [E(100, "InstallSucceeded", "1.0.0", rv=5), A(200, cluster="us")],
        {"version": "1.0.0", "health": "healthy", "unmanaged": None},
        [("1.0.0", 100, None, None, "event")],
        before=[A(50, cluster="eu"), A(60, cluster="us")],
    ),
    "its observer names the cluster from now on, and it is gone": Story(
        [L(100, V1, rv=6, ready=("True", "InstallSucceeded", 10)), A(200, cluster="eu")],
        {"version": None, "health_cause": "absent", "unmanaged": ("1.0.0", 200)},
        [("1.0.0", 0, 200, "absent", "absence")],
    ),
    "an older observer of another cluster does not say where it looked": Story(
        [L(100, V1, rv=6, ready=("True", "InstallSucceeded", 10), cluster="eu"), A(200)],
        {"version": "1.0.0", "health": "healthy", "unmanaged": None},
        [("1.0.0", 0, None, None, "snapshot")],
    ),
    "it was uninstalled, and is gone": Story(
        [E(10, "InstallSucceeded", "1.0.0", rv=5), E(100, "UninstallSucceeded", "1.0.0", rv=9), A(300)],
        None,
        [("1.0.0", 10, 100, "UninstallSucceeded", "event")],
    ),
    "a snapshot that missed the event, and the event comes late": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            L(300, V2, V1_OVER, rv=15, ready=("True", "UpgradeSucceeded", 101)),
            E(100, "UpgradeSucceeded", "1.1.0", rv=9, lag=900),
        ],
        {"version": "1.1.0", "health": "healthy", "basis": "late"},
        [("1.0.0", 10, 100, "UpgradeSucceeded", "late"), ("1.1.0", 100, None, None, "late")],
    ),
    "a snapshot taken before the upgrade arrives after it": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeSucceeded", "1.1.0", rv=9),
            L(99, V1, rv=9, ready=("True", "InstallSucceeded", 10)),
        ],
        {"version": "1.1.0", "health": "healthy", "health_since": 100},
        [("1.0.0", 10, 100, "UpgradeSucceeded", "event"), ("1.1.0", 100, None, None, "event")],
    ),
    "an OCIRepository whose tag is no version moves to another build": Story(
        [
            E(10, "InstallSucceeded", "1.0.0+aaaaaaaaaaaa", rv=5, metadata={"oci-digest": f"latest@{IMAGE}"}),
            E(100, "UpgradeSucceeded", "1.0.0+bbbbbbbbbbbb", rv=9, metadata={"oci-digest": f"latest@{HOTFIX}"}),
        ],
        {"version": "1.0.0"},
        [("1.0.0", 10, 100, "UpgradeSucceeded", "event"), ("1.0.0", 100, None, None, "event")],
    ),
    "build metadata alone changes": Story(
        [
            E(10, "InstallSucceeded", "1.0.0+build.1", rv=5),
            E(100, "UpgradeSucceeded", "1.0.0+build.2", rv=9),
        ],
        {"version": "1.0.0", "build": "build.2"},
        [("1.0.0", 10, 100, "UpgradeSucceeded", "event"), ("1.0.0", 100, None, None, "event")],
    ),
    "a roll back names no digest": Story(
        [
            E(10, "InstallSucceeded", "1.0.0+aaaaaaaaaaaa", rv=5, metadata={"oci-digest": IMAGE}),
            E(100, "UpgradeFailed", "1.1.0+bbbbbbbbbbbb", rv=9, metadata={"oci-digest": HOTFIX}),
            E(101, "RollbackSucceeded", "1.0.0+aaaaaaaaaaaa", rv=9),
            L(
                300,
                revision(3, "deployed", "1.0.0+aaaaaaaaaaaa", 100, action="rollback"),
                V2_FAILED,
                rv=15,
                ready=("False", "RollbackSucceeded", 101),
            ),
        ],
        {"version": "1.0.0", "health": "healthy", "attempt": ("1.1.0", "rolled back")},
        [OLD],
    ),
    "only values change": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5, metadata={"image": f"{REPOSITORY}@{IMAGE}", "release": "1.0.0"}),
            E(100, "UpgradeSucceeded", "1.0.0", rv=9, metadata={"image": f"{REPOSITORY}@{HOTFIX}", "release": "1.0.0"}),
        ],
        {"version": "1.0.0", "reconfigured_at": 100, "intended_image": f"{REPOSITORY}@{HOTFIX}"},
        [OLD],
    ),
    "a wait was ended, since something newer came": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(100, "UpgradeFailed", "1.1.0", rv=9),
            E(100, "HealthCheckCanceled", rv=9),
        ],
        {"version": "1.0.0", "health": "progressing", "health_cause": "HealthCheckCanceled", "attempt": None},
        [OLD],
    ),
    "the inventory is incomplete, which is no failure": Story(
        [
            E(10, "InstallSucceeded", "1.0.0", rv=5),
            E(11, "InventoryBuildFailed", rv=5, severity="error"),
            E(12, "NamespaceCheckSkipped", rv=5, severity="error"),
        ],
        {"version": "1.0.0", "health": "healthy", "health_since": 10},
        [OLD],
    ),
}
