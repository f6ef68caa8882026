"""Many releasers at once on one GitOps repo, each as a process of its own would be: with its own clone."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

import pytest

from scripts.proposal.intent import Intent
from tests.support.builders import git
from tests.support.gitops_repo import GitopsRepo, waybill

FULL = bool(os.environ.get("WAYBILL_TORTURE"))


def timed(repo: GitopsRepo, service: str, version: str) -> tuple[Intent, float]:
    began = time.monotonic()
    _, intent = repo.propose(waybill(service, version))
    return intent, time.monotonic() - began


@pytest.mark.torture
def test_releasers_of_different_services_all_land(tmp_path: Path) -> None:
    repo = GitopsRepo(tmp_path)
    services = [f"service-{number}" for number in range(50 if FULL else 8)]
    with ThreadPoolExecutor(len(services)) as pool:
        done = list(pool.map(lambda service: timed(repo, service, "1.0.0"), services))
    assert {intent.outcome for intent, _ in done} == {"push"}
    p95 = quantiles([seconds for _, seconds in done], n=20)[-1]
    print(f"\n{len(services)} releasers of different services: 95 % landed within {p95:.1f} s")  # noqa: T201
    assert p95 < 30
    assert sorted(proposal["number"] for proposal in repo.proposals()) == list(range(1, len(services) + 1))
    base = repo.head("main")
    for service in services:
        assert git(repo.bare, "rev-parse", f"apps/{service}^") == base
        repo.merge(f"apps/{service}")
    for service in services:
        assert 'version: "1.0.0"' in repo.text(f"apps/{service}/staging/release.yaml")


@pytest.mark.torture
def test_of_releasers_of_one_service_the_highest_version_ends_on_the_branch(tmp_path: Path) -> None:
    repo = GitopsRepo(tmp_path)
    repo.propose(waybill(version="0.9.0"))
    theirs = repo.commit({"apps/orders/note.md": "A reviewer's\n"}, "apps/orders")
    versions = [f"1.0.{number}" for number in range(20 if FULL else 5)]
    with ThreadPoolExecutor(len(versions)) as pool:
        done = list(pool.map(lambda version: timed(repo, "orders", version), versions))
    assert f'version: "{versions[-1]}"' in repo.text("apps/orders/staging/release.yaml", "apps/orders")
    assert done[-1][0].outcome == "push"
    assert {intent.outcome for intent, _ in done} <= {"push", "superseded"}
    assert git(repo.bare, "merge-base", theirs, "apps/orders") == theirs
    for version in versions[:-1]:
        assert f"has {versions[-1]} for staging" in timed(repo, "orders", version)[0].said
    (proposal,) = repo.proposals()
    assert proposal["title"] == f"orders {versions[-1]} to staging"
