"""What people have where Waybill writes files of its own stays: plan and ship refuse, and nothing is out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builders import World, git
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long


def file(path: str) -> Callable[[Path], None]:
    def make(top: Path) -> None:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text("A person's\n")

    return make


def link(path: str) -> Callable[[Path], None]:
    def make(top: Path) -> None:
        file("elsewhere/README.md")(top)
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).symlink_to(top / "elsewhere")

    return make


def submodule(path: str) -> Callable[[Path], None]:
    return lambda top: git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{path}") and None


CASES = {
    "a file": (file("apps"), "apps is a file, where Waybill writes a folder"),
    "a link": (link("apps"), "apps is a symbolic link, where Waybill writes a folder"),
    "a submodule": (submodule("clusters"), "clusters is a submodule, where Waybill writes a folder"),
    "a link further below": (link("apps/orders"), "apps/orders is a symbolic link, where"),
    "a file further below": (file("apps/orders/base"), "apps/orders/base is a file, where"),
    "a link in place of a file": (
        link("clusters/staging/orders.yaml"),
        "clusters/staging/orders.yaml is a symbolic link, where Waybill writes a file",
    ),
    "a folder in place of a file": (
        file("clusters/staging/orders.yaml/README.md"),
        "clusters/staging/orders.yaml is a folder, where Waybill writes a file",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_stands_in_the_way_stays(world: World, name: str) -> None:
    make, said = CASES[name]
    make(world.reviewed)
    if name != "a submodule":
        git(world.reviewed, "add", "-A")
    git(world.reviewed, "commit", "--quiet", "-m", "A person's")
    git(world.reviewed, "push", "--quiet", "origin", "HEAD:main")
    assert "Give it another name in the same folder" in assert_refused(world, said)


def test_a_head_that_names_no_branch_does_not_make_it_empty(world: World) -> None:
    image, said = world.image(), "has a HEAD that names none of its branches."
    git(world.gitops, "symbolic-ref", "HEAD", "refs/heads/master")
    assert "waybill.toml to the one that Flux follows (main)" in assert_refused(world, said)
    git(world.gitops, "update-ref", "--no-deref", "HEAD", git(world.gitops, "rev-parse", "main"))
    assert_refused(world, said)
    assert world.ship(image, "--gitops-branch", "main")["gitops"]["branch"] == "apps/orders"


def assert_refused(world: World, said: str) -> str:
    image, before = world.image(), public(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--json", "--image", image)
        assert ran.code == 1, ran.stdout
        assert said in ran.json["refused"]
        assert public(world) == before
    return str(ran.json["remedy"])


def public(world: World) -> dict[str, bytes]:
    """All but what Waybill keeps for itself."""
    return {path: data for path, data in everything(world).items() if "/.waybill/" not in path}
