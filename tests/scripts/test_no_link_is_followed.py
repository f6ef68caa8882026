"""A commit may hold .waybill, or a file in it, as a symbolic link: nothing is written or read through one."""

from pathlib import Path

import pytest

from scripts.errors import Refused
from scripts.folder import make, read, refuse_links, write
from tests.support.builders import World, git
from tests.support.scripts.everything import everything

NAMES = [".waybill", ".waybill/.gitignore", ".waybill/orders.md", ".waybill/orders.json", ".waybill/orders-0.1.0.tgz"]


def link(world: World, name: str, target: Path) -> None:
    path = world.checkout / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    git(world.checkout, "add", "--force", name)
    git(world.checkout, "commit", "--quiet", "-m", "A link")
    git(world.checkout, "push", "--quiet", "origin", "HEAD:main")


@pytest.mark.parametrize("name", NAMES)
def test_a_link_in_the_commit_stops_every_command_before_anything_changes(world: World, name: str) -> None:
    target = world.folder / "precious"
    if name == ".waybill":
        target.mkdir()
    else:
        target.write_text("mine\n")
    link(world, name, target)
    image = world.image()
    before = everything(world)
    for command in (
        ["ship", "--image", image],
        ["plan", "--image", image],
        ["bump", "--image", image],
        ["propose"],
        ["promote", "--to", "production", "--version", "0.1.0"],
    ):
        ran = world.waybill(*command)
        assert ran.code == 1
        assert f"refused (the source repository): {world.checkout / name} is a symbolic link" in ran.stderr
        assert f"git rm {Path(name).name}" in ran.stderr
        assert everything(world) == before
    assert world.tags() == {}


def test_a_link_that_leads_nowhere_creates_nothing(world: World) -> None:
    link(world, ".waybill/orders.md", world.folder / "absent")
    assert "is a symbolic link" in world.waybill("ship", "--image", world.image()).stderr
    assert not (world.folder / "absent").exists()


def test_a_file_in_the_folders_place_is_refused(world: World) -> None:
    (world.checkout / ".waybill").write_text("no folder\n")
    ran = world.waybill("ship", "--image", world.image())
    assert "refused (this machine): " in ran.stderr
    assert ".waybill/orders.json cannot be read: Not a directory" in ran.stderr
    assert world.tags() == {}


def test_no_file_is_read_or_written_through_a_link(tmp_path: Path) -> None:
    folder = make(tmp_path / ".waybill")
    assert (folder / ".gitignore").read_text() == "*\n"
    (tmp_path / "precious").write_text("mine\n")
    (folder / "orders.json").symlink_to(tmp_path / "precious")
    for attempt in (
        lambda: write(folder / "orders.json", b"x"),
        lambda: read(folder / "orders.json"),
        lambda: refuse_links(folder),
        lambda: make(folder),
    ):
        with pytest.raises(Refused, match=r"orders\.json is a symbolic link"):
            attempt()
    assert (tmp_path / "precious").read_text() == "mine\n"


@pytest.mark.parametrize("act", [lambda path: write(path, b"x"), read])
def test_what_the_machine_does_not_allow_is_refused(tmp_path: Path, act: object) -> None:
    (tmp_path / "orders.json").mkdir()
    with pytest.raises(Refused, match=r"orders\.json cannot be (written|read): Is a directory"):
        act(tmp_path / "orders.json")  # type: ignore[operator]
    with pytest.raises(Refused, match="File name too long"):
        act(tmp_path / ("x" * 300))  # type: ignore[operator]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written: Not a directory"):
        make(tmp_path / "file" / ".waybill")
