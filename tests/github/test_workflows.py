"""Actions are pinned, a `run` is one make target, and a job with write access runs no code of a pull request."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.house.commands import targets

CHECKOUT = Path(__file__).resolve().parents[2]
GITHUB = CHECKOUT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
FILES = [*WORKFLOWS, *ACTIONS]
USES = re.compile(r"^ +uses: (?P<action>\S+)(?: # (?P<comment>.*))?$", re.MULTILINE)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def load(path: Path) -> dict[str, Any]:
    # A workflow's `on:` is the boolean of YAML 1.1 unless nothing is resolved.
    return dict(yaml.load(path.read_text(), yaml.BaseLoader))  # noqa: S506 - it only makes strings


def steps(path: Path) -> list[dict[str, Any]]:
    file = load(path)
    jobs = [file["runs"]] if "runs" in file else list(file["jobs"].values())
    return [step for job in jobs for step in job.get("steps", [])]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_action_is_pinned_by_commit_and_names_its_tag(path: Path) -> None:
    for action, comment in USES.findall(path.read_text()):
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r"v\d+\.\d+\.\d+", comment), f"{action} does not say which tag it is"


def test_an_action_has_one_pin_everywhere() -> None:
    pins = {action for path in FILES for action, _ in USES.findall(path.read_text()) if not action.startswith("./")}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_run_is_a_make_target_or_waybill(path: Path) -> None:
    known = targets((CHECKOUT / "Makefile").read_text())
    for step in steps(path):
        if "run" in step:
            program, *words = shlex.split(step["run"])
            if program == "make":
                words = words[2:] if words[0] == "-C" else words
                assert words[0] in known, step["run"]
            else:
                assert (program, words) == ("waybill", [path.parent.name]), step["run"]
            assert not re.search(r"[;&|`]|\$\(|\$\{\{", step["run"]), "one command, nothing pasted into it"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_permission_is_declared_by_its_job(path: Path) -> None:
    file = load(path)
    assert file["permissions"] == {}
    assert not {"pull_request_target", "workflow_run"} & set(file["on"])
    for job in file["jobs"].values():
        assert job["permissions"]


def test_no_secret_lies_beside_a_file_of_a_pull_request() -> None:
    """A pull request changes its own workflow and its own settings of every tool: only a job without a secret may read
    them, and one that can write reads none."""
    jobs = load(GITHUB / "workflows" / "pull-request.yml")["jobs"]
    for name, job in jobs.items():
        assert "secrets" not in str(job), name
        assert "environment" not in job, name
        if "write" in job["permissions"].values():
            used = [step.get("uses", "a command").partition("@")[0] for step in job["steps"]]
            assert used == ["actions/download-artifact", "marocchino/sticky-pull-request-comment"], name
            assert "head.repo.fork" in job["if"], name


def test_the_scanner_gets_its_token_with_what_was_merged() -> None:
    file = load(GITHUB / "workflows" / "release.yml")
    assert file["jobs"]["sonar"]["if"] == "github.ref == 'refs/heads/main'"
    scans = [path.name for path in WORKFLOWS if "SONAR_TOKEN" in path.read_text()]
    assert scans == ["release.yml"]
    (checkout,) = [step for step in file["jobs"]["sonar"]["steps"] if "checkout" in step["uses"]]
    assert checkout["with"] == {"persist-credentials": "false", "fetch-depth": "0"}


def test_a_release_waits_for_the_checks_and_ships_the_image_that_was_pushed() -> None:
    file = load(GITHUB / "workflows" / "release.yml")
    jobs = file["jobs"]
    assert (jobs["image"]["needs"], jobs["ship"]["needs"]) == ("checks", "image")
    assert file["concurrency"]["cancel-in-progress"] == "false"
    ship = jobs["ship"]["steps"][-1]
    assert ship["with"]["image"] == "${{ needs.image.outputs.image }}"
    assert set(ship["with"]) <= set(load(GITHUB / "actions" / "ship" / "action.yml")["inputs"])


def test_main_a_tag_and_a_hand_release_and_no_other_branch_does() -> None:
    file = load(GITHUB / "workflows" / "release.yml")
    assert file["on"] == {
        "push": {"branches": ["main"], "tags": ["v[0-9]+.[0-9]+.[0-9]+"]},
        "workflow_dispatch": {},
    }
    jobs = file["jobs"]
    assert jobs["checks"]["if"] == "github.ref == 'refs/heads/main' || github.ref_type == 'tag'"

    def waits_for_the_checks(name: str) -> bool:
        needs = jobs[name].get("needs", [])
        return name == "checks" or any(map(waits_for_the_checks, [needs] if isinstance(needs, str) else needs))

    for name, job in jobs.items():
        assert waits_for_the_checks(name), name
        assert "always()" not in job.get("if", "")


def test_a_tag_uploads_what_was_attested_without_a_token_and_last() -> None:
    jobs = load(GITHUB / "workflows" / "release.yml")["jobs"]
    assert jobs["dist"]["if"] == "github.ref_type == 'tag'"
    assert [it["run"] for it in jobs["dist"]["steps"] if "run" in it][-1] == "make dist"
    attested = [it for it in jobs["dist"]["steps"] if it.get("uses", "").startswith("actions/attest@")]
    assert [it["with"]["subject-path"] for it in attested] == ["dist/*"]
    assert (jobs["pypi"]["needs"], jobs["pypi"]["environment"]) == (["dist", "ship"], "pypi")
    assert jobs["pypi"]["permissions"] == {"id-token": "write"}
    assert "secrets" not in str(jobs["pypi"])
    assert "checkout" not in str(jobs["pypi"]["steps"])
    assert "pypi" in jobs["action-tag"]["needs"]


def test_both_images_are_attested_with_their_packages() -> None:
    steps = load(GITHUB / "workflows" / "release.yml")["jobs"]["image"]["steps"]
    attested = [it["with"] for it in steps if it.get("uses", "").startswith("actions/attest@")]
    told = [(it["subject-digest"], "sbom-path" in it) for it in attested]
    outputs = ["${{ steps.push.outputs.digest }}", "${{ steps.push.outputs.tool-digest }}"]
    assert told == [(output, packages) for output in outputs for packages in (False, True)]


def test_every_crash_and_load_test_is_run_weekly_by_one_job() -> None:
    file = load(GITHUB / "workflows" / "torture.yml")
    assert "schedule" in file["on"]
    jobs = [it["tests"].split() for it in file["jobs"]["torture"]["strategy"]["matrix"]["include"]]
    assert int(file["jobs"]["torture"]["timeout-minutes"]) < 360  # GitHub ends a job after six hours
    marked = [
        it.relative_to(CHECKOUT)
        for it in (CHECKOUT / "tests").rglob("test_*.py")
        if it != Path(__file__) and "pytest.mark.torture" in it.read_text()
    ]
    for path in marked:
        assert sum(any(path.is_relative_to(each) for each in tests) for tests in jobs) == 1, path
    for each in [each for tests in jobs for each in tests]:
        assert any(path.is_relative_to(each) for path in marked), f"{each} has no such test"
