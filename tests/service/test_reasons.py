"""Every reason that helm-controller 1.2.0 to 1.6.3 gives has its effect, and no other is claimed to be one of it.

The recorded facts are from its source at each release: events, and conditions with those that Ready is composed of.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from service.domain.level import Condition, Level, given_up, reading, under_way
from service.domain.reasons import REASONS

FACTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "support/service/helm_controller_reasons.json").read_text()
)
CONDITIONS = [(it["type"], it["status"], it["reason"]) for it in FACTS["conditions"]]
# What Ready says beside what Helm did last, of Released: that no action of Helm could begin.
BLOCKED = {
    *("AccessDenied", "ArtifactFailed", "ChartMutateError", "ConfigFactoryErr", "DependencyNotReady", "FactoryError"),
    *("InvalidCELExpression", "PendingRelease", "RESTClientError", "ReconcileError", "ResourceManagerError"),
    *("SourceNotReady", "StateError", "ValuesError"),
}
# And the health that Ready means by itself: None, as Helm's last action had it.
HEALTH = {
    "HealthCheckCanceled": "progressing",
    "AwaitingTests": "progressing",
    "Progressing": "progressing",
    "InstallFailed": "failing",
    "UpgradeFailed": "failing",
    "TestFailed": "failing",
    "RollbackFailed": "failing",
    "UninstallFailed": "failing",
    "RollbackSucceeded": "healthy",
    "InstallSucceeded": "healthy",
    "UpgradeSucceeded": "healthy",
    "TestSucceeded": "healthy",
    "UninstallSucceeded": None,
    "RetryAfterInterval": None,  # until 1.4.2, after any action; it only waits
}


def test_the_table_of_events_has_every_reason_and_no_other() -> None:
    assert set(REASONS) == set(FACTS["events"])
    for name, it in FACTS["events"].items():
        if it["severities"] == ["trace"]:
            assert REASONS[name].effect is None, "it is never sent"


def test_every_reason_of_ready_is_known() -> None:
    assert {reason for type, _, reason in CONDITIONS if type == "Ready"} == BLOCKED | set(HEALTH)


@pytest.mark.parametrize(("status", "reason"), [it[1:] for it in CONDITIONS if it[0] == "Ready"])
@pytest.mark.parametrize("before", ["UpgradeSucceeded", "UpgradeFailed"])
def test_ready_means_what_helm_controller_means(status: str, reason: str, before: str) -> None:
    ready = Condition("Ready", status, reason, since=9)
    released = Condition("Released", "True" if before.endswith("Succeeded") else "False", before, since=1)
    says = reading(Level("apps", "orders", conditions=(ready, released)))
    assert says.blocked == (ready if reason in BLOCKED else None)
    stated = "healthy" if before == "UpgradeSucceeded" else "failing"
    gone = reason == "UninstallSucceeded"
    assert says.health == (None if gone else HEALTH.get(reason) or stated)


@pytest.mark.parametrize(("type", "status", "reason"), [it for it in CONDITIONS if it[0] in ("Reconciling", "Stalled")])
def test_what_is_under_way_is_told_from_what_waits(type: str, status: str, reason: str) -> None:
    level = Level("apps", "orders", conditions=(Condition(type, status, reason),))
    assert under_way(level) == (reason == "Progressing")
    assert given_up(level) == (type == "Stalled")
