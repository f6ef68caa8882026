"""Many releasers at once on one GitOps repo, each as a process of its own would be: with its own clone."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

import pytest

from scripts.proposal.intent import Intent
from scripts.settings import EnvironmentSettings
from tests.support.builders import git
from tests.support.gitops_repo import GitopsRepo, waybill
from tests.support.scripts.adoption import CHARTS
from tests.support.scripts.layouts import FLUX_EXAMPLE, HOME_OPS, at, called

pytestmark = pytest.mark.long

FULL = bool(os.environ.get("WAYBILL_TORTURE"))
# Of which layout a service is, and the file that says its version: of Waybill's, of an overlay of people, of a source.
USUAL = "apps/{0}/staging/release.yaml"
OVERLAY = "{0}/apps/staging/{0}-values.yaml"
PINNED = "{0}/kubernetes/apps/default/{0}/app/ocirepository.yaml"
RELEASES = {PINNED: "{0}/kubernetes/apps/default/{0}/app/helmrelease.yaml", OVERLAY: OVERLAY}


def people_have(repo: GitopsRepo, services: dict[str, str]) -> None:
    """Commits what people wrote for those that are not of the usual layout."""
    files = {OVERLAY: FLUX_EXAMPLE, PINNED: HOME_OPS}
    wanted = [called(files[kind], service) for service, kind in services.items() if kind != USUAL]
    repo.commit({path: text for whole in wanted for path, text in at(whole, CHARTS).items()})


def timed(repo: GitopsRepo, service: str, version: str, kind: str) -> tuple[Intent, float]:
    tables = {"staging": EnvironmentSettings(helmrelease=RELEASES[kind].format(service))} if kind != USUAL else {}
    began = time.monotonic()
    _, intent = repo.propose(waybill(service, version), environment_tables=tables)
    return intent, time.monotonic() - began


def within(seconds: Sequence[float], what: str) -> None:
    p95 = quantiles(seconds, n=20)[-1]
    print(f"\n{len(seconds)} releasers of {what}: 95 % landed within {p95:.1f} s")  # noqa: T201
    assert p95 < 30


@pytest.mark.torture
def test_releasers_of_different_services_all_land(tmp_path: Path) -> None:
    repo, kinds = GitopsRepo(tmp_path), (USUAL, OVERLAY, PINNED)
    services = {f"service-{number}": kinds[number % len(kinds)] for number in range(50 if FULL else 8)}
    people_have(repo, services)
    before = repo.head("main")
    with ThreadPoolExecutor(len(services)) as pool:
        done = list(pool.map(lambda it: timed(repo, it[0], "1.0.0", it[1]), services.items()))
    assert {intent.outcome for intent, _ in done} == {"push"}
    within([seconds for _, seconds in done], "different services")
    assert sorted(proposal["number"] for proposal in repo.proposals()) == list(range(1, len(services) + 1))
    for service in services:
        assert git(repo.bare, "rev-parse", f"apps/{service}^") == before
        repo.merge(f"apps/{service}")
    for service, kind in services.items():
        assert "1.0.0" in repo.text(kind.format(service))


@pytest.mark.torture
@pytest.mark.parametrize("kind", [USUAL, OVERLAY, PINNED], ids=["usual", "overlay", "pinned"])
def test_of_releasers_of_one_service_the_highest_version_ends_on_the_branch(tmp_path: Path, kind: str) -> None:
    """A person commits to the branch at the same time."""
    repo = GitopsRepo(tmp_path)
    people_have(repo, {"orders": kind})
    timed(repo, "orders", "0.9.0", kind)
    versions = [f"1.0.{number}" for number in range(20 if FULL else 4)]
    with ThreadPoolExecutor(len(versions) + 1) as pool:
        person = pool.submit(commits, repo)
        done = list(pool.map(lambda version: timed(repo, "orders", version, kind), versions))
    assert versions[-1] in repo.text(kind.format("orders"), "apps/orders")
    assert done[-1][0].outcome == "push"
    assert {intent.outcome for intent, _ in done} <= {"push", "superseded"}
    within([seconds for _, seconds in done], "one service")
    theirs = person.result()
    assert git(repo.bare, "merge-base", theirs, "apps/orders") == theirs
    for version in versions[:-1]:
        assert f"has {versions[-1]} for staging" in timed(repo, "orders", version, kind)[0].said
    (proposal,) = repo.proposals()
    assert proposal["title"] == f"orders {versions[-1]} to staging"


def commits(repo: GitopsRepo) -> str:
    """A reviewer's commit, on the branch as it is when nobody is quicker."""
    for _ in range(100):
        with suppress(AssertionError):  # somebody pushed in between
            return repo.commit({"apps/orders/note.md": "A reviewer's\n"}, "apps/orders")
    raise AssertionError("the reviewer could never push")
