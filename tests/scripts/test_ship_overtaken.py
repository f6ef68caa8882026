"""Another releaser ships in the very moment before this one's tag, or before its chart: each such moment once."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.support.builders import TOP, Ran, World, git, program
from tests.support.stopping import Stopper

pytestmark = pytest.mark.long

TAG, CHART = ":refs/tags/", "helm push"  # what git push and helm push are told


def overtaken(world: World, before: str, image: str, other: str, commit: str = "HEAD") -> tuple[Ran, Ran]:
    """Ships `image`, and just `before` that act, in a clone, `other` on `commit`."""
    clone, said = world.folder / "clone", world.folder / "other.json"
    git(world.folder, "clone", "--quiet", str(world.origin), str(clone))
    git(clone, "checkout", "--quiet", git(world.checkout, "rev-parse", commit))
    ship = shlex.join([sys.executable, "-P", "-m", "scripts", "ship", "--json", "--image", other])
    meanwhile = f"cd {clone} && PYTHONPATH={TOP} {ship} > {said}; echo $? > {said}.code"
    ran, _ = Stopper(world.folder / "stopper").run(
        world, "ship", "--json", "--image", image, before=before, meanwhile=meanwhile
    )
    return ran, Ran(int(Path(f"{said}.code").read_text()), said.read_text(), "")


def test_the_version_is_lost_to_another_image(world: World) -> None:
    ran, other = overtaken(world, TAG, world.image("mine"), world.image("theirs"))
    assert (ran.code, other.code) == (0, 0), ran.stderr
    assert (other.json["chart"]["version"], ran.json["chart"]["version"]) == ("0.1.0", "0.1.1")
    assert "Choosing the next version" in ran.stderr
    assert sorted(world.tags()) == ["orders-0.1.0", "orders-0.1.1"]


@pytest.mark.parametrize("before", [TAG, CHART])
def test_the_same_release_is_shipped_by_another(world: World, before: str) -> None:
    image = world.image()
    ran, other = overtaken(world, before, image, image)
    assert (ran.code, other.code) == (0, 0), ran.stderr
    assert ran.json == other.json
    assert world.tags() == {"orders-0.1.0": ran.json["source"]["release_commit"]}


def test_the_version_is_lost_to_a_newer_commit(world: World) -> None:
    older = git(world.checkout, "rev-parse", "HEAD")
    newer = world.commit({"README.md": "newer\n"})
    git(world.checkout, "checkout", "--quiet", older)
    ran, other = overtaken(world, TAG, world.image("mine"), world.image("theirs"), newer)
    assert other.code == 0
    assert ran.code == 1
    assert "is older than" in ran.stderr
    assert world.tags() == {"orders-0.1.0": other.json["source"]["release_commit"]}


def test_others_who_are_always_faster(world: World) -> None:
    """Hooks of the remotes play them: each time, they move the ref between our look and our push."""
    move = 'git update-ref "$1" $(git commit-tree -p main -m $$ main^{tree})'
    who = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b"
    program(world.origin / "hooks", "update", f"{who}\n{move}")
    image = world.image()
    assert "Other releases took the version 8 times" in world.waybill("ship", "--allow-older", "--image", image).stderr
    world.waybill("bump", "--allow-older", "--image", image)
    world.waybill("package")
    assert "Another release took this version" in world.waybill("publish").stderr
    (world.origin / "hooks/update").unlink()
    program(world.gitops / "hooks", "update", f"{who}\n{move}")
    assert "apps/orders moved 10 times" in world.waybill("ship", "--allow-older", "--image", image).stderr
