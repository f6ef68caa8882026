"""The actions do what their inputs say and give what their outputs promise, as a runner carries them out.

The stand-in of the runner evaluates `${{ inputs.x }}`, runs the last step in bash with the files that a step has for
outputs and summary, and reads them as the runner does. Installing is `make install`, which has tests of its own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml

from scripts.__main__ import cli
from tests.support.builders import TOP, World, git, program
from tests.support.running_ledger import serving

ACTIONS = TOP / ".github" / "actions"
HEREDOC = re.compile(r"^(?P<name>[\w-]+)<<(?P<end>\w+)\n(?P<value>.*?)\n(?P=end)\n", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    code: int
    outputs: dict[str, str]
    summary: str
    log: str


def action(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ACTIONS / name / "action.yml").read_text()))


def run(name: str, world: World, /, commit: str = "", **given: str) -> Step:
    """What the step of the action `name` does with these inputs (`-` written as `_`)."""
    file, inputs = action(name), {key.replace("_", "-"): value for key, value in given.items()}
    known = file["inputs"]
    assert inputs.keys() <= known.keys()
    assert {key for key, it in known.items() if it.get("required")} <= inputs.keys()
    values = {key: it.get("default", "") for key, it in known.items()} | inputs
    step = file["runs"]["steps"][-1]
    folder = world.folder / "runner"
    program(folder, "waybill", f'exec "{sys.executable}" -P -m scripts "$@"')
    command, outputs, summary = folder / "command.sh", folder / "output", folder / "summary"
    command.write_text(step["run"])
    outputs.write_text("")
    summary.write_text("")
    env = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
        "HOME": str(folder),
        "GITHUB_ACTIONS": "true",
        "GITHUB_SHA": commit,
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(summary),
        **{key: _evaluated(text, values) for key, text in step["env"].items()},
    }
    bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", command]
    done = subprocess.run(bash, cwd=world.checkout, env=env, capture_output=True, text=True, check=False)
    told = {it["name"]: it["value"] for it in HEREDOC.finditer(outputs.read_text())}
    declared = {it["value"].split(".")[-1].split()[0] for it in file["outputs"].values()}
    assert told.keys() <= declared, "the action names every output"
    return Step(done.returncode, told, summary.read_text(), done.stdout + done.stderr)


def _evaluated(text: str, inputs: Mapping[str, str]) -> str:
    found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", text)
    assert found, text
    return inputs[found[1]]


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return World(tmp_path, registry)


@pytest.mark.long
def test_ship_gives_what_was_released_and_shows_what_will_change(world: World) -> None:
    image = world.image()
    step = run("ship", world, image=image, part="minor", environment="staging production")
    assert step.code == 0, step.log
    assert step.outputs["version"] == "0.1.0"
    assert step.outputs["tag"] == "orders-0.1.0"
    assert step.outputs["chart"] == f"oci://{world.registry}/charts-{world.folder.name}/orders"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", step.outputs["chart-digest"])
    assert "orders" in step.summary
    assert image.partition("@")[2][7:19] in step.summary
    assert run("ship", world, image=image).outputs == step.outputs, "the same release again"


def test_a_refusal_is_an_error_on_the_runs_page_and_gives_no_outputs(world: World) -> None:
    step = run("ship", world, image=world.image(), version="not-a-version")
    assert step.code == 1
    assert step.outputs == {}
    [line] = [line for line in step.log.splitlines() if line.startswith("::")]
    assert line.startswith("::error title=waybill::")
    assert "%0A" in line


@pytest.mark.long
def test_promote_and_rollback_take_theirs(world: World, tmp_path: Path) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as ledger:
        more = {"ledger": ledger.url, "ledger_token": ledger.token}
        for text in ("one", "two"):
            world.commit({"chart/values.yaml": world.values + f"# {text}\n"})
            version = run("ship", world, image=world.image(text), **more).outputs["version"]
            world.merge("apps/orders")
            ledger.hears("staging", version, "InstallSucceeded" if text == "one" else "UpgradeSucceeded")
        promoted = run("promote", world, to="production", **more)
        assert promoted.code == 0, promoted.log
        assert promoted.outputs["version"] == version
        back = run("rollback", world, service="orders", environment="staging", reason="two loses orders", **more)
    assert back.code == 0, back.log
    assert back.outputs["version"] != version
    assert "two loses orders" in back.summary


@pytest.mark.long
def test_wait_says_how_it_ended_and_fails_where_a_release_did(world: World, tmp_path: Path) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as ledger:
        more = {"ledger": ledger.url, "ledger_token": ledger.token}
        commit = git(world.checkout, "rev-parse", "HEAD")
        version = run("ship", world, image=world.image(), environment="staging production", **more).outputs["version"]
        early = run("wait", world, commit=commit, environment="staging", timeout="0s", ledger=ledger.url)
        ledger.hears("staging", version, "InstallSucceeded")
        arrived = run("wait", world, commit=commit, environment="staging", timeout="30s", ledger=ledger.url)
        ledger.hears("production", version, "InstallFailed")
        both = {"environment": "staging production", "fail_fast": "true", "timeout": "30s", "ledger": ledger.url}
        failed = run("wait", world, service="orders", version=version, **both)
    assert (early.code, early.outputs) == (3, {"outcome": "timed out"}), early.log
    assert (arrived.code, arrived.outputs) == (0, {"outcome": "healthy"}), arrived.log
    assert "**healthy**" in arrived.summary
    assert (failed.code, failed.outputs) == (1, {"outcome": "failed"}), failed.log
    assert "**failed**" in failed.summary


@pytest.mark.parametrize("name", ["ship", "promote", "rollback", "wait"])
def test_every_option_that_says_what_is_released_is_an_input(name: str) -> None:
    settings = {it.name for it in cli.commands["package"].params}
    own = [it for it in cli.commands[name].params if it.name not in settings]
    names = {max(it.opts, key=len).removeprefix("--") for it in own if isinstance(it, click.Option)}
    names |= {it.human_readable_name.lower() for it in own if isinstance(it, click.Argument)}
    assert names - {"dry-run"} <= action(name)["inputs"].keys()
