"""A GitOps repo that does not take a proposal: the user is told whose fault it is and what to do."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.builders import World, git

RELEASE = "apps/orders/staging/release.yaml"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, registry: str) -> World:
    """0.1.0 is merged, 0.1.1 is published and not proposed."""
    world = World(tmp_path_factory.mktemp("gitops-refused"), registry)
    world.ship(world.image("first"))
    git(seed := world.reviewed, "fetch", "--quiet", "origin")
    git(seed, "merge", "--quiet", "--ff-only", "origin/apps/orders")
    git(seed, "push", "--quiet", "origin", "HEAD:main")
    for step in (("bump", "--image", world.image("second")), ("package",), ("publish",)):
        assert world.waybill(*step).code == 0
    return world


def absent(_: World, folder: Path) -> str:
    return str(folder / "absent.git")


def plain_folder(_: World, folder: Path) -> str:
    return str(folder)


def empty(_: World, folder: Path) -> str:
    git(folder, "init", "--quiet", "--bare", "empty.git")
    return str(folder / "empty.git")


def copy(world: World, folder: Path, **edits: str) -> Path:
    """A copy of the GitOps repo, bare, in which people replaced what `edits` names in release.yaml."""
    git(folder, "clone", "--quiet", "--bare", str(world.gitops), "copy.git")
    if edits:
        git(folder, "clone", "--quiet", "--branch=main", "copy.git", "work")
        path = folder / "work" / RELEASE
        path.write_text(edits.get("whole") or path.read_text().replace(edits["old"], edits["new"]))
        git(folder / "work", "commit", "--quiet", "--all", "-m", "Theirs")
        git(folder / "work", "push", "--quiet", "origin", "main")
    return folder / "copy.git"


def hook(world: World, folder: Path) -> str:
    path = copy(world, folder) / "hooks" / "pre-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\necho 'Ask the platform team.' >&2\nexit 1\n")
    path.chmod(0o755)
    return str(path.parents[1])


def checked_out(world: World, folder: Path) -> str:
    git(folder, "clone", "--quiet", "--branch=main", str(world.gitops), "work")
    git(folder / "work", "checkout", "--quiet", "-b", "apps/orders")
    return str(folder / "work")


def somebody_elses(world: World, folder: Path) -> str:
    path = copy(world, folder)
    for each in [path, *path.rglob("*")]:
        os.chown(each, 12345, -1)
    return str(path)


def in_the_way(world: World, folder: Path) -> str:
    path = copy(world, folder)
    git(path, "branch", "--move", "apps/orders", "apps/orders/mine")
    return str(path)


def broken(world: World, folder: Path) -> str:
    return str(copy(world, folder, old="spec:\n", new="spec: [\n"))


def aliased(world: World, folder: Path) -> str:
    return str(copy(world, folder, old='version: "0.1.0"', new='version: &v "0.1.0"\n  timeout: *v'))


def emptied(world: World, folder: Path) -> str:
    return str(copy(world, folder, whole="kind: HelmRelease\n"))


CASES: list[tuple[Callable[[World, Path], str], str, str, str]] = [
    (absent, "you", "There is no GitOps repo at {}.", "Set `gitops` to the path or the address"),
    (plain_folder, "gitops", "git cannot read {}: '{}' does not appear to be a git repository.", "Correct `gitops`"),
    (empty, "gitops", "The GitOps repo {} is empty.", "Push a first commit to it (a README will do)."),
    (hook, "gitops", "{} did not accept refs/heads/apps/orders: pre-receive hook declined; Ask the platform team.",
     "the right to write there"),
    (checked_out, "gitops", "{} did not accept refs/heads/apps/orders: branch is currently checked out",
     "correct what it"),
    (somebody_elses, "machine", "{} belongs to another user of this machine", "--add safe.directory {}"),
    (in_the_way, "gitops", "has the branch apps/orders/mine, beside which there can be no apps/orders", "Rename that"),
    (broken, "gitops", f"{RELEASE} in the GitOps repo, line ", "Correct it."),
    (aliased, "gitops", "spec.chart.spec.version: the anchor on line 19 feeds spec.timeout", "Write the value out"),
    (emptied, "gitops", f"{RELEASE} in the GitOps repo, spec.chart.spec.version", "Add spec.chart.spec.version"),
]  # fmt: skip


@pytest.fixture
def given_back(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if os.geteuid() == 0:
        for each in tmp_path.rglob("*"):
            os.chown(each, 0, -1, follow_symlinks=False)


@pytest.mark.parametrize(("make", "fault", "what", "remedy"), CASES, ids=[case[0].__name__ for case in CASES])
def test_whose_fault_and_what_to_do(
    shipped: World, given_back: Path, make: Callable[[World, Path], str], fault: str, what: str, remedy: str
) -> None:
    if make is somebody_elses and os.geteuid() != 0:
        pytest.skip("only root can give files to another user")
    gitops = make(shipped, given_back)
    ran = shipped.waybill("propose", "--json", env={"WAYBILL_GITOPS": gitops, "GIT_CONFIG_GLOBAL": "/dev/null"})
    assert ran.code == 1, ran.stderr
    assert ran.json["fault"] == fault
    assert what.format(gitops, gitops) in ran.json["refused"]
    assert remedy.format(gitops) in ran.json["remedy"]
    assert "\n" not in ran.json["refused"]
    kept = json.loads((shipped.checkout / ".waybill" / "orders.json").read_text())
    assert "gitops" not in kept
