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
FILES = [*WORKFLOWS, GITHUB / "actions" / "ship" / "action.yml"]
USES = re.compile(r"^ +uses: (?P<action>\S+)(?: # (?P<comment>.*))?$", re.MULTILINE)


def load(path: Path) -> dict[str, Any]:
    # A workflow's `on:` is the boolean of YAML 1.1 unless nothing is resolved.
    return dict(yaml.load(path.read_text(), yaml.BaseLoader))  # noqa: S506 - it only makes strings


def steps(path: Path) -> list[dict[str, Any]]:
    file = load(path)
    jobs = [file["runs"]] if "runs" in file else list(file["jobs"].values())
    return [step for job in jobs for step in job.get("steps", [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_and_names_its_tag(path: Path) -> None:
    for action, comment in USES.findall(path.read_text()):
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r"v\d+\.\d+\.\d+", comment), f"{action} does not say which tag it is"


def test_an_action_has_one_pin_everywhere() -> None:
    pins = {action for path in FILES for action, _ in USES.findall(path.read_text()) if not action.startswith("./")}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_run_is_a_make_target_or_waybill(path: Path) -> None:
    known = targets((CHECKOUT / "Makefile").read_text())
    for step in steps(path):
        if "run" in step:
            program, *words = shlex.split(step["run"])
            if program == "make":
                words = words[2:] if words[0] == "-C" else words
                assert words[0] in known, step["run"]
            else:
                assert (program, words[0]) == ("waybill", "ship"), step["run"]
            assert not re.search(r"[;&|`]|\$\(|\$\{\{", step["run"]), "one command, nothing pasted into it"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_permission_is_declared_by_its_job(path: Path) -> None:
    file = load(path)
    assert file["permissions"] == {}
    assert not {"pull_request_target", "workflow_run"} & set(file["on"])
    for job in file["jobs"].values():
        assert job["permissions"]


def test_what_can_write_or_holds_a_secret_runs_no_code_of_a_pull_request() -> None:
    for name, job in load(GITHUB / "workflows" / "pull-request.yml")["jobs"].items():
        if "write" in job["permissions"].values() or "secrets." in str(job):
            assert not [step["run"] for step in job["steps"] if "run" in step], name
            assert "head.repo.fork" in job["if"], name


def test_a_release_waits_for_the_checks_and_ships_the_image_that_was_pushed() -> None:
    file = load(GITHUB / "workflows" / "release.yml")
    jobs = file["jobs"]
    assert (jobs["image"]["needs"], jobs["ship"]["needs"]) == ("checks", "image")
    assert file["concurrency"]["cancel-in-progress"] == "false"
    ship = jobs["ship"]["steps"][-1]
    assert ship["with"]["image"] == "${{ needs.image.outputs.image }}"
    assert set(ship["with"]) <= set(load(FILES[-1])["inputs"])
