"""What connect refuses, before anything has changed."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.builders import program
from tests.support.gitops_repo import GitopsRepo
from tests.support.scripts.connection import SOURCE, SYSTEM, connect, everything
from tests.support.scripts.layouts import FLUX_EXAMPLE, flux, kustomization

SYNC = f"{SYSTEM}/gotk-sync.yaml"
TWO = {
    "a/staging/sync.yaml": flux("one", "./a/staging"),
    "b/staging/sync.yaml": flux("two", "./b/staging"),
}
CASES: Mapping[str, tuple[Mapping[str, Any], list[str], str, str]] = {
    "no such environment": (FLUX_EXAMPLE, ["qa"], "of qa cannot be told", "clusters/production, clusters/staging"),
    "several folders": (TWO, ["staging"], "several folders for the cluster", "--path"),
    "no such folder": (FLUX_EXAMPLE, ["staging", "--path", "clusters/qa"], "no folder clusters/qa", "--path"),
    "a folder outside": (FLUX_EXAMPLE, ["staging", "--path", "../elsewhere"], "no folder ../elsewhere", "--path"),
    "no name": (FLUX_EXAMPLE, ["Staging"], "Staging", "lower case letters"),
    "a namespace that is none": (FLUX_EXAMPLE, ["staging", "--namespace", "a/b"], "a/b", "lower case letters"),
    "another branch": (
        {**FLUX_EXAMPLE, SYNC: SOURCE.replace("BRANCH", "live") + FLUX_EXAMPLE[SYNC]},
        ["staging"],
        "Flux reads the branch live",
        "--gitops-branch live",
    ),
    "no HelmRelease": ({SYNC: FLUX_EXAMPLE[SYNC]}, ["staging"], "No HelmRelease is found", "--namespace"),
    "nothing that can be seen": (
        {SYNC: FLUX_EXAMPLE[SYNC], "clusters/staging/apps.yaml": flux("apps", "./nowhere")},
        ["staging"],
        "not seen of it: what Kustomization apps applies from GitRepository flux-system",
        "--namespace",
    ),
    "a list of no resources": (
        {**FLUX_EXAMPLE, "clusters/staging/kustomization.yaml": kustomization(more="components: [../../a]\n")},
        ["staging", "--namespace", "shop"],
        "names no resources",
        "resources: [waybill]",
    ),
    "a folder that nothing comes to": (
        {"clusters/kustomization.yaml": kustomization("staging/apps.yaml"),
         "clusters/staging/apps.yaml": flux("apps", "./apps/staging"),
         "clusters/sync.yaml": flux("flux-system", "./clusters")},
        ["staging", "--namespace", "shop"],
        "would not apply clusters/staging/waybill",
        "--path",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_nothing_changes(repo: GitopsRepo, case: str) -> None:
    files, args, what, remedy = CASES[case]
    repo.commit(files)
    before = everything(repo.folder)
    ran = connect(repo, *args, "--json", "--secrets", str(repo.folder / "secrets.yaml"))
    assert ran.code == 1, ran.stdout
    assert what in ran.json["refused"]
    assert remedy in ran.json["remedy"]
    assert everything(repo.folder) == before


def test_a_ledger_has_to_be_named(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    ran = connect(repo, "staging", "--json", ledger="")
    assert ran.code == 1
    assert "--ledger" in ran.json["remedy"]
    nowhere = connect(repo, "staging", "--json", WAYBILL_GITOPS="")
    assert (nowhere.code, "--gitops" in nowhere.json["remedy"]) == (1, True)
    assert repo.head("connect/staging") is None


@pytest.mark.long
def test_no_log_of_a_job_gets_the_key(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    before = everything(repo.folder)
    ran = connect(repo, "staging", "--json", CI="true")
    assert (ran.code, "--secrets" in ran.json["remedy"]) == (1, True)
    assert everything(repo.folder) == before
    assert connect(repo, "staging", "--secrets", str(repo.folder / "secrets.yaml"), CI="true").code == 0
    assert connect(repo, "staging", CI="true").code == 0


def test_no_file_is_overwritten(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    file = repo.folder / "secrets.yaml"
    file.write_text("mine")
    ran = connect(repo, "staging", "--json", "--secrets", str(file))
    assert (ran.code, file.read_text()) == (1, "mine")
    assert repo.head("connect/staging") is None


def test_a_key_that_cannot_be_kept_is_none(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    ran = connect(repo, "staging", "--json", "--secrets", str(repo.folder / "nowhere-at-all/secrets.yaml"))
    assert (ran.code, ran.json["fault"]) == (1, "machine")
    assert repo.head("connect/staging") is None


def test_a_lost_race_is_told(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    moves = "git update-ref refs/heads/connect/staging refs/heads/main\nexit 1"
    program(repo.bare / "hooks", "pre-receive", f"unset GIT_QUARANTINE_PATH\n{moves}")
    ran = connect(repo, "staging", "--json")
    assert ran.code == 1
    assert "moved while Waybill was about to propose" in ran.json["refused"]
    assert repo.proposals() == []


@pytest.mark.long
def test_a_key_that_nothing_came_of_is_not_kept(repo: GitopsRepo) -> None:
    repo.commit(FLUX_EXAMPLE)
    program(repo.bare / "hooks", "pre-receive", "exit 1")
    file = repo.folder / "secrets.yaml"
    assert connect(repo, "staging", "--secrets", str(file)).code == 1
    assert not file.exists()
