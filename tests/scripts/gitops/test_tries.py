"""What the annotations tell of Helm's tests and of retries: as the environment is built, not as its base has it."""

from pathlib import Path
from typing import Any

import pytest

from scripts.gitops.tries import told
from tests.support.gitops_repo import GitopsRepo, waybill
from tests.support.scripts.adoption import ALONE, found

OURS = "event.toolkit.fluxcd.io/"
REMEDIATE, RETRY = {"name": "RemediateOnFailure"}, {"name": "RetryOnFailure"}
OCI = {"flux_source": "oci-repository"}
STAGING = "apps/orders/staging/release.yaml"


@pytest.mark.parametrize(
    ("spec", "tests"),
    [
        ({}, "false"),
        ({"test": None}, "false"),
        ({"test": {"enable": False, "timeout": "1m"}}, "false"),
        ({"test": {"enable": True}}, "5m"),
        ({"test": {"enable": True}, "timeout": "10m"}, "10m"),
        ({"test": {"enable": True, "timeout": "1h2m3.5s"}, "timeout": "10m"}, "1h2m3.5s"),
        ({"test": {"enable": True, "timeout": "${timeout}"}}, "unknown"),
        ({"test": {"enable": True, "ignoreFailures": True}}, "ignored"),
        ({"test": {"enable": "${tests}"}}, "unknown"),
        ({"test": "${test}"}, "unknown"),
    ],
)
def test_tests(spec: dict[str, Any], tests: str) -> None:
    assert told(spec)["tests"] == tests


@pytest.mark.parametrize(
    ("install", "upgrade", "tries"),
    [
        (None, None, "unknown"),
        ({"remediation": {"retries": 3}}, {}, "unknown"),  # a feature gate decides
        ({"strategy": REMEDIATE}, {"strategy": REMEDIATE}, "install=1,upgrade=1"),
        ({"strategy": REMEDIATE, "remediation": {"retries": 3}}, {"strategy": RETRY}, "install=4"),
        ({"strategy": REMEDIATE, "remediation": {"retries": -1}}, {"strategy": REMEDIATE}, "upgrade=1"),
        ({"strategy": REMEDIATE, "remediation": {"retries": "${retries}"}}, {}, "unknown"),
        ("${install}", {"strategy": "${strategy}"}, "unknown"),
    ],
)
def test_tries(install: Any, upgrade: Any, tries: str) -> None:
    assert told({"install": install, "upgrade": upgrade})["tries"] == tries


def annotated(repo: GitopsRepo, environment: str = "staging") -> dict[str, str]:
    lines = repo.text(f"apps/orders/{environment}/release.yaml", "apps/orders").splitlines()
    found = (line.strip().removeprefix(OURS).split(": ") for line in lines if line.strip().startswith(OURS))
    return {name: text.strip('"') for name, text in found if name in ("tests", "tries")}


@pytest.mark.parametrize("source", [{}, OCI], ids=["helm-repository", "oci-repository"])
def test_they_follow_what_people_write_for_one_environment(repo: GitopsRepo, source: dict[str, str]) -> None:
    repo.propose(waybill(version="1.0.0"), "staging", **source)
    assert annotated(repo) == {"tests": "5m", "tries": "install=4,upgrade=3"}
    repo.merge("apps/orders")
    base = repo.text("apps/orders/base/helmrelease.yaml")
    own = "  test: {enable: false}\n  upgrade: {remediation: {retries: 0}}\n"
    own = own if not source else f"spec:\n{own}"
    repo.commit(
        {
            "apps/orders/base/helmrelease.yaml": base.replace("  timeout: 5m", "  timeout: 90s"),
            STAGING: repo.text(STAGING) + own,
        }
    )
    repo.propose(waybill(version="1.1.0"), "staging", "production", **source)
    assert annotated(repo) == {"tests": "false", "tries": "install=4,upgrade=1"}
    assert annotated(repo, "production") == {"tests": "90s", "tries": "install=4,upgrade=3"}


@pytest.mark.long
def test_that_they_changed_is_no_reason_to_propose(repo: GitopsRepo) -> None:
    repo.propose(waybill(version="1.0.0"))
    repo.commit({STAGING: repo.text(STAGING, "apps/orders") + "  test: {enable: false}\n"}, "apps/orders")
    for _ in range(2):
        assert repo.propose(waybill(version="1.0.0"))[1].outcome == "held"
    repo.merge("apps/orders")
    assert repo.propose(waybill(version="1.0.0"))[1].outcome == "unneeded"
    assert repo.propose(waybill(version="1.1.0"))[1].outcome == "push"
    assert annotated(repo)["tests"] == "false"


def test_what_cannot_be_built_here_is_not_claimed(repo: GitopsRepo) -> None:
    repo.propose(waybill(version="1.0.0"))
    repo.merge("apps/orders")
    overlay = "apps/orders/staging/kustomization.yaml"
    repo.commit({overlay: repo.text(overlay).replace("- ../base\n", "- ../base\n  - https://example.org/more.yaml\n")})
    repo.propose(waybill(version="1.1.0"))
    assert annotated(repo) == {"tests": "unknown", "tries": "unknown"}


def test_patches_of_the_kustomization_that_applies_an_adopted_one_count(tmp_path: Path) -> None:
    patch = "{target: {kind: HelmRelease}, patch: '- {op: add, path: /spec/test, value: {enable: true, timeout: 9m}}'}"
    flux = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
        f"spec: {{path: ./apps, prune: true, patches: [{patch}]}}\n"
    )
    assert found(tmp_path, {**ALONE, "flux.yaml": flux}, "apps/orders.yaml").told["tests"] == "9m"
