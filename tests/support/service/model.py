"""The model: what the ledger should answer, worked out anew from everything that was said to it. Slow, plain, and
written from the rules alone: it shares no table, helper or constant with the code that it judges."""

from dataclasses import dataclass, field
from typing import Any

# What helm-controller does one after the other in one reconcile, as the ledger orders events of one moment. "seen" and
# "absent" are an observer's.
SEQUENCE = (
    ("InstallFailed", "UpgradeFailed"),
    ("InstallSucceeded", "UpgradeSucceeded", "seen"),
    ("RollbackSucceeded", "RollbackFailed"),
    ("TestSucceeded", "TestFailed"),
    ("DriftDetected", "DriftCorrected", "DriftCorrectionFailed"),
    ("UninstallSucceeded", "UninstallFailed", "absent"),
)
REASONS = [reason for step in SEQUENCE for reason in step if reason[0].isupper()]
NO_EFFECT = "Progressing"
REMEDIATION = "Helm uninstall remediation"
TURNING = (
    "InstallFailed",
    "UpgradeFailed",
    "InstallSucceeded",
    "UpgradeSucceeded",
    "RollbackSucceeded",
    "UninstallSucceeded",
    "seen",
    "absent",
)
BASES = {"seen": "late", "absent": "inferred"}
WEAKEST = ["inferred", "late", "observed"]
NEAR = 60


@dataclass(frozen=True)
class Said:
    """`at` and `received` in seconds; `chart` is the name in the message; `digest` the chart's, if told.

    An observer's are "seen", since `at`, and "absent"; `received` is then when he first said so.
    """

    name: str
    reason: str
    version: str
    at: int
    received: int
    resource_version: int
    sha256: str
    digest: str | None
    service: str | None
    chart: str
    message: str

    @property
    def counts_at(self) -> int:
        return self.received if self.at > self.received + 60 else self.at

    @property
    def basis(self) -> str:
        return BASES.get(self.reason) or ("late" if self.received > self.at + 300 else "observed")

    @property
    def order(self) -> tuple[int, int, int, str]:
        rank = next(number for number, step in enumerate(SEQUENCE) if self.reason in step)
        return self.counts_at, self.resource_version, rank, self.sha256


@dataclass
class Place:
    """`runs` is the event that began what runs now; `ran` has (its event, until, basis, ended by)."""

    runs: Said | None = None
    health: str = "unknown"
    attempt: dict[str, Any] | None = None
    failed: Said | None = None
    ran: list[tuple[Said, int, str, str]] = field(default_factory=list)

    def hear(self, it: Said) -> None:
        runs, same = self.runs, self.runs is not None and _same(self.runs, it)
        if it.reason in ("InstallSucceeded", "UpgradeSucceeded"):
            self._becomes(self.runs if same else it, it)
            self.health, self.attempt = "healthy", None
        elif it.reason in ("InstallFailed", "UpgradeFailed"):
            self.health, self.failed = "failing", it
            self.attempt = {"version": it.version, "outcome": "failed", "at": it.counts_at, "message": it.message}
        elif it.reason == "RollbackSucceeded":
            if self.attempt:
                self.attempt = {**self.attempt, "outcome": "rolled back"}
            elif runs and not same:
                self._gave_way(runs, it, "rolled back")
            self._becomes(self.runs if same else it, it)
            self.health = "healthy"
        elif it.reason == "seen":
            if not same:
                self._becomes(it, it)
                self.health, self.attempt = "healthy", None
        elif it.reason in ("UninstallSucceeded", "absent"):
            if not it.message.startswith(REMEDIATION):
                self.attempt = None
            elif runs and not self.attempt:
                self._gave_way(runs, it, "failed")
            self._becomes(None, it)
            self.health = "failing" if self.attempt else "unknown"
        elif runs and not (it.reason.startswith("Test") and not same):
            self.health = "healthy" if it.reason in ("TestSucceeded", "DriftCorrected") else "failing"

    def _becomes(self, other: Said | None, it: Said) -> None:
        if self.runs is not None and other is not self.runs:
            basis = min(self.runs.basis, it.basis, key=WEAKEST.index)
            self.ran.append((self.runs, it.counts_at, basis, it.reason))
        self.runs = other

    def _gave_way(self, runs: Said, it: Said, outcome: str) -> None:
        self.failed = runs
        self.attempt = {"version": runs.version, "outcome": outcome, "at": it.counts_at, "message": it.message}


def _is_told(fact: Said, said: list[Said]) -> bool:
    """An observer's fact that an event tells too, with nothing between the two."""
    if fact.reason != "seen":
        return False
    telling = [it for it in said if it.reason in TURNING and not (it.reason == "seen" and _alike(it, fact))]
    before = max((it for it in telling if it.order < fact.order), key=lambda it: it.order, default=None)
    behind = min((it for it in telling if it.order > fact.order), key=lambda it: it.order, default=None)
    return any(
        it is not None
        and it.reason in ("InstallSucceeded", "UpgradeSucceeded", "RollbackSucceeded")
        and _alike(it, fact)
        and fact.counts_at - NEAR <= it.counts_at <= fact.received + NEAR
        for it in (before, behind)
    )


def _alike(one: Said, other: Said) -> bool:
    """What is not told of a digest speaks against nothing."""
    return one.version == other.version and (one.digest == other.digest or None in (one.digest, other.digest))


def _same(one: Said, other: Said) -> bool:
    return (one.version, one.digest) == (other.version, other.digest)


@dataclass
class Model:
    said: dict[str, dict[str, Said]] = field(default_factory=dict)  # environment -> sha256 -> what was said
    filed: list[dict[str, Any]] = field(default_factory=list)  # in the order of filing
    bodies: set[tuple[str, bytes]] = field(default_factory=set)  # a body that comes again is no news
    confirmed: dict[str, int] = field(default_factory=dict)  # environment -> when it was last heard of

    def take(self, environment: str, body: bytes, received: int, told: list[Said]) -> None:
        known = self.said.setdefault(environment, {})
        if (environment, body) not in self.bodies:
            self.bodies.add((environment, body))
            self.confirmed[environment] = max(received, self.confirmed.get(environment, 0))
            for it in told:
                known.setdefault(it.sha256, it)

    def running(self, environment: str) -> list[str]:
        names = {it.name for it in self.said.get(environment, {}).values()}
        return [name for name in names if self.place(environment, name).runs]

    def place(self, environment: str, name: str, until: int | None = None) -> Place:
        place = Place()
        said = [it for it in self.said[environment].values() if it.name == name and it.reason != NO_EFFECT]
        for it in sorted(said, key=lambda it: it.order):
            if not _is_told(it, said) and (until is None or it.counts_at <= until):
                place.hear(it)
        return place

    def release(self, it: Said) -> dict[str, Any] | None:
        named = [it.service] if it.service else [it.chart, it.name]
        filed = {(each["service"], each["chart"]["version"]): each for each in self.filed}
        return next((filed[name, it.version] for name in named if (name, it.version) in filed), None)

    def service(self, it: Said) -> str:
        found = self.release(it)
        return found["service"] if found else it.service or it.name

    def runs(self, environment: str, until: int | None = None) -> list[dict[str, Any]]:
        """The `services` of GET /environments/{environment}, by service and place; times in seconds."""
        found = []
        for name in {it.name for it in self.said[environment].values()}:
            place = self.place(environment, name, until)
            if place.runs or place.attempt:
                named = place.runs or place.failed
                assert named
                found.append(
                    {
                        "service": self.service(named),
                        "place": f"apps/{name}",
                        "health": place.health,
                        "since": place.runs.counts_at if place.runs else None,
                        "basis": place.runs.basis if place.runs else None,
                        "release": self.described(place.runs) if place.runs else None,
                        "attempt": place.attempt,
                    }
                )
        return sorted(found, key=lambda it: (it["service"], it["place"]))

    def ran(self) -> list[tuple[Said, dict[str, Any]]]:
        """Every arrival anywhere, newest first, each with the event that began it."""
        found = []
        for environment, said in self.said.items():
            for name in {it.name for it in said.values()}:
                place = self.place(environment, name)
                now = [(place.runs, None, place.runs.basis, None)] if place.runs else []
                for began, until, basis, ended_by in [*place.ran, *now]:
                    arrival = {
                        "environment": environment,
                        "place": f"apps/{name}",
                        "service": self.service(began),
                        "release": self.described(began),
                        "from": began.counts_at,
                        "until": until,
                        "basis": basis,
                        "ended_by": ended_by,
                    }
                    found.append((began, arrival))
        return sorted(found, key=lambda it: (it[0].order, it[1]["environment"]), reverse=True)

    def described(self, it: Said) -> dict[str, Any]:
        found = self.release(it)
        return {
            "version": it.version,
            "known": found is not None,
            "mismatched": bool(found and it.digest and it.digest != found["chart"]["digest"]),
            "image": self.images(found)[0][1] if found else None,
            "images": dict(self.images(found)) if found else {},
            "commit": found["source"]["commit"] if found else None,
            "url": f"/releases/{found['service']}/{it.version}" if found else None,
        }

    @staticmethod
    def images(waybill: dict[str, Any]) -> list[tuple[str, str]]:
        return [(it["name"], f"{it['repository']}@{it['digest']}") for it in waybill["images"]]
