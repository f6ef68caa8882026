"""ship is killed (SIGKILL) between any two acts, then run again: the same end state as if nothing had happened."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from scripts.clients.registry import Registry
from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.stopping import Stopper
from tools.demo.image import crane

FULL = bool(os.environ.get("WAYBILL_TORTURE"))


def state(world: World, ledger: RunningLedger) -> dict[str, Any]:
    """Everything that others can see of a release, and what ship keeps for the next step."""
    chart, kept = f"{world.registry}/charts-{world.folder.name}/orders", world.checkout / ".waybill"
    proposals = sorted((world.gitops / "waybill-proposals").glob("*.json"))
    return {
        "tags": world.tags(),
        "charts": {tag: crane("digest", "--insecure", f"{chart}:{tag}") for tag in Registry().tags(chart)},
        "gitops": git(world.gitops, "for-each-ref", "--format=%(refname) %(tree) %(objectname)"),
        "proposals": {path.name: path.read_bytes() for path in proposals},
        "filed": ledger.tells("/releases")["items"],
        "kept": {name: (kept / name).read_bytes() for name in ("orders.json", "orders-0.1.0.tgz")},
    }


def undo(world: World) -> None:
    """Back to before the release, with a clone that knows nothing of it."""
    chart = f"{world.registry}/charts-{world.folder.name}/orders"
    for digest in {crane("digest", "--insecure", f"{chart}:{tag}") for tag in Registry().tags(chart)}:
        crane("delete", "--insecure", f"{chart}@{digest}")
    for tag in world.tags():
        git(world.origin, "update-ref", "-d", f"refs/tags/{tag}")
    git(world.gitops, "update-ref", "-d", "refs/heads/apps/orders")
    for folder in (world.gitops / "waybill-proposals", world.checkout):
        shutil.rmtree(folder, ignore_errors=True)
    git(world.folder, "clone", "--quiet", str(world.origin), str(world.checkout))


def others_see(acts: list[str], ledger: RunningLedger) -> list[int]:
    """The numbers of five acts: the tag, the chart, the branch, the proposal, and the last request to the ledger, which
    files the waybill; those before only ask."""
    proposes = [n for n, act in enumerate(acts) if act.startswith("os.rename") and "waybill-proposals" in act]
    asks = [n for n, act in enumerate(acts) if act == f"connect {ledger.url.removeprefix('http://')}"]
    return sorted([*(n for n, act in enumerate(acts) if act.split()[1] == "push"), *proposes, *asks[-1:]])


@pytest.mark.long
@pytest.mark.torture
def test_wherever_it_is_killed_the_next_ship_ends_the_same(world: World, tmp_path: Path) -> None:
    command = ["ship", "--json", "--image", world.image()]
    stopper = Stopper(tmp_path / "stopper")
    with serving(tmp_path / "ledger", "orders", ["staging"]) as ledger:
        whole, acts = stopper.run(world, *command, env=ledger.env)
        assert whole.code == 0, whole.stderr
        expected = state(world, ledger)
        assert len(expected["filed"]) == 1
        seen = others_see(acts, ledger)
        assert len(seen) == 5
        around = {number + 1 for number in seen}  # what the act did is there, and ship knew nothing of it
        for number in sorted(range(len(acts)) if FULL else around & set(range(len(acts)))):
            undo(world)
            killed, reached = stopper.run(world, *command, before=number, env=ledger.env)
            assert killed.code == -9
            # Of acts that run side by side, such as helm's, either is first; around those that others see, none does.
            assert number not in around or kind(reached[-1]) == kind(acts[number])
            again = world.waybill(*command, env=ledger.env)
            assert again.code == 0, f"killed before {acts[number]}: {again.stderr}"
            assert again.json == whole.json, f"killed before {acts[number]}"
            # The ledger cannot be undone: it refuses whatever differs from the first run's release.
            assert state(world, ledger) == expected, f"killed before {acts[number]}"


def kind(act: str) -> list[str]:
    return act.split()[:2] if act.startswith(("git", "helm")) else act.split()[:1]
