"""docs/ci/gitlab.yml, included as its comment says and carried out as a GitLab runner does.

The stand-in merges `extends`, expands variables, and runs `before_script` and `script` in one shell with the variables
that GitLab sets; the jobs' image has `waybill`.
"""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.__main__ import cli
from tests.support.builders import TOP, World, git, program
from tests.support.running_ledger import serving

FILE = TOP / "docs/ci/gitlab.yml"
TEMPLATES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())
SHOWN = re.search(r"^#   ship:\n(?:#.*\n)*?(?=#\n)", FILE.read_text(), re.MULTILINE)
NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def job(name: str, **own: Any) -> dict[str, Any]:
    """The job as GitLab sees it: of maps both parts, of the rest what is nearer."""
    found = dict(own)
    while name:
        template = dict(TEMPLATES[name])
        name = template.pop("extends", "")
        variables = template.get("variables", {}) | found.get("variables", {})
        found = template | found | {"variables": variables}
    return found


def run(world: World, given: dict[str, Any], **more: str) -> subprocess.CompletedProcess[str]:
    folder = world.folder / "runner"
    program(folder, "waybill", f'exec "{sys.executable}" -P -m scripts "$@"')
    known = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
        "HOME": str(folder),
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_COMMIT_SHA": git(world.checkout, "rev-parse", "HEAD"),
        "CI_PIPELINE_URL": "https://gitlab.example/acme/orders/-/pipelines/7",
        "GITLAB_USER_LOGIN": "ada",
        **more,
    }
    for key, text in given["variables"].items():
        known[key] = NAME.sub(lambda it: known.get(it[1] or it[2], ""), text)
    script = "\n".join([*given.get("before_script", []), *given["script"]])
    command = ["sh", "-e", "-c", script]
    return subprocess.run(command, cwd=world.checkout, env=known, capture_output=True, text=True, check=False)


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return World(tmp_path, registry)


@pytest.mark.long
def test_a_service_is_shipped_waited_for_promoted_and_rolled_back(world: World, tmp_path: Path) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as ledger:
        for text in ("one", "two"):
            world.commit({"chart/values.yaml": world.values + f"# {text}\n"})
            repository, _, digest = world.image(text).partition("@")
            ship = job(".waybill-ship", variables={"WAYBILL_SHIP_IMAGE": "$CI_REGISTRY_IMAGE@$DIGEST"})
            known = ledger.env | {"CI_REGISTRY_IMAGE": repository, "DIGEST": digest}
            done = run(world, ship, **known)
            assert done.returncode == 0, done.stderr
            waybill = json.loads((world.checkout / ship["artifacts"]["paths"][0] / "orders.json").read_text())
            assert waybill["by"] == {"actor": "ada", "run": "https://gitlab.example/acme/orders/-/pipelines/7"}
            world.merge("apps/orders")
            wait = job(".waybill-wait", variables={"WAYBILL_WAIT_ENVIRONMENT": "staging", "WAYBILL_WAIT_TIMEOUT": "0s"})
            early = run(world, wait, **ledger.env)
            assert early.returncode in wait["allow_failure"]["exit_codes"], early.stderr
            version = waybill["chart"]["version"]
            ledger.hears("staging", version, "InstallSucceeded" if text == "one" else "UpgradeSucceeded")
            arrived = run(world, wait, **ledger.env)
            assert arrived.returncode == 0, arrived.stderr
        promote = run(world, job(".waybill-promote", variables={"WAYBILL_PROMOTE_TO": "production"}), **ledger.env)
        assert promote.returncode == 0, promote.stderr
        wanted = {"SERVICE": "orders", "ENVIRONMENT": "staging", "REASON": "two loses orders"}
        back = job(".waybill-rollback", variables={f"WAYBILL_ROLLBACK_{key}": text for key, text in wanted.items()})
        done = run(world, back, **ledger.env)
        assert done.returncode == 0, done.stderr


def test_it_logs_in_to_the_registry_of_gitlab_where_there_is_one(world: World) -> None:
    ship = job(".waybill-ship", script=["true"], variables={})
    assert run(world, ship).returncode == 0
    file = world.folder / "runner" / ".docker" / "config.json"
    assert not file.exists()
    login = {"CI_REGISTRY": "registry.gitlab.example", "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": 'a"b\\' * 40}
    assert run(world, ship, **login).returncode == 0
    auth = json.loads(file.read_text())["auths"]["registry.gitlab.example"]["auth"]
    assert base64.b64decode(auth).decode() == f"ci:{login['CI_REGISTRY_PASSWORD']}"


def test_what_the_comment_shows_are_jobs_of_it() -> None:
    assert SHOWN
    shown = yaml.safe_load(re.sub("^#  ?", "", SHOWN[0], flags=re.MULTILINE))
    assert shown.keys() == {"ship", "arrived"}
    for it in shown.values():
        assert job(it["extends"])["script"]


@pytest.mark.parametrize("name", [name for name, it in TEMPLATES.items() if "script" in it])
def test_a_variable_that_is_named_is_one_of_the_command(name: str) -> None:
    command = TEMPLATES[name]["script"][0].split()[1]
    named = set(re.findall(rf"WAYBILL_{command.upper()}_\w+", FILE.read_text())) - {"WAYBILL_SHIP_X_Y"}
    assert named
    assert named <= {it.envvar for it in cli.commands[command].params}
