"""ship builds, fetches and renders each thing once, however many of its steps look at it."""

import os
import shutil
from collections import Counter

import pytest

from tests.support.builders import World, git, program


def ran(world: World, *args: str) -> Counter[str]:
    """How often each program was run for what."""
    for name in ("git", "helm", "kustomize"):
        program(world.folder / "bin", name, f'echo {name} "$@" >>{world.folder}/ran; exec {shutil.which(name)} "$@"')
    done = world.waybill(*args, env={"PATH": f"{world.folder / 'bin'}:{os.environ['PATH']}"})
    assert done.code == 0, done.stderr
    lines = (world.folder / "ran").read_text().splitlines()
    return Counter(
        what
        for line in lines
        for what in (" fetch ", " init ", " rev-parse ", " ls-remote ", "kustomize build", "helm template")
        if what in line
    )


@pytest.mark.long
def test_a_folder_is_built_and_a_chart_rendered_once(world: World) -> None:
    world.ship(world.image())
    git(world.reviewed, "merge", "--quiet", "--ff-only", "origin/apps/orders")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")
    once = ran(world, "ship", "--image", world.image("two"))
    # Where the checkout begins, and whether it is whole; the source's refs, the GitOps repo's to judge, push and check.
    git_asked = {" rev-parse ": 2, " ls-remote ": 4}
    assert once == {" init ": 1, " fetch ": 1, "kustomize build": 2, "helm template": 2, **git_asked}
