"""`waybill bump` by itself, for people who commit bumps themselves."""

import shutil

import pytest

from tests.support.builders import VALUES, World, git

FILES = ("chart/Chart.yaml", "chart/values.yaml")


def contents(world: World) -> dict[str, bytes]:
    return {name: (world.checkout / name).read_bytes() for name in FILES}


def test_it_writes_the_two_files_and_nothing_else(world: World) -> None:
    image = world.image()
    ran = world.waybill("bump", "--json", "--image", image)
    assert ran.code == 0, ran.stderr
    assert git(world.checkout, "status", "--porcelain").split() == ["M", FILES[0], "M", FILES[1]]
    release = ran.json["source"]["release_commit"]
    assert contents(world)[FILES[1]].decode() == git(world.checkout, "show", f"{release}:{FILES[1]}") + "\n"
    assert world.tags() == {}
    written = contents(world)
    assert world.waybill("bump", "--image", image).code == 0
    assert contents(world) == written


@pytest.mark.long
def test_a_committed_bump_ships_under_its_own_version(world: World) -> None:
    world.ship(world.image("one"))
    image = world.image("two")
    assert world.waybill("bump", "--image", image, "--part", "minor").code == 0
    world.commit({}, "Bump orders")
    before = contents(world)
    ran = world.waybill("bump", "--image", image)
    assert "HEAD holds this image already" in ran.stderr
    assert contents(world) == before
    assert world.ship(image)["chart"]["version"] == "0.2.0"


def test_what_it_keeps_ignores_itself(world: World) -> None:
    (world.checkout / ".gitignore").unlink()
    image = world.image()
    for _ in range(2):  # the second time HEAD holds the image
        assert world.waybill("bump", "--image", image).code == 0
        assert ".waybill" not in git(world.checkout, "status", "--porcelain", "--untracked-files=all")
        world.commit({})
        shutil.rmtree(world.checkout / ".waybill")


def test_a_file_with_changes_of_the_users_own_is_refused(world: World) -> None:
    (world.checkout / FILES[1]).write_text(VALUES + "mine: true\n")
    before = contents(world)
    ran = world.waybill("bump", "--image", world.image())
    assert ran.code == 1
    assert "chart/values.yaml is neither as it is committed nor as bump would write it" in ran.stderr
    assert contents(world) == before


def test_without_remote_and_registry_it_says_what_nobody_looked_at(world: World) -> None:
    git(world.checkout, "remote", "remove", "origin")
    toml = world.checkout / "waybill.toml"
    toml.write_text("".join(line for line in toml.read_text().splitlines(True) if not line.startswith("registry")))
    image = f"example.org/orders@sha256:{'a' * 64}"
    ran = world.waybill("bump", "--json", "--image", image, "--skip-image-check")
    assert ran.code == 0, ran.stderr
    assert "no remote `origin`" in ran.stderr
    assert "no registry is configured" in ran.stderr
    assert "--skip-image-check" in ran.stderr
    assert ran.json["images"] == [
        {
            "name": "orders",
            "repository": "example.org/orders",
            "digest": f"sha256:{'a' * 64}",
            "manifests": {},
            "checked": False,
        }
    ]
    assert f'digest: "sha256:{"a" * 64}"' in contents(world)[FILES[1]].decode()


def test_the_same_input_gives_the_same_release_commit(world: World) -> None:
    """Whoever runs it, wherever: author, dates, time zone and locale are the release's own."""
    image = world.image()
    clone = world.folder / "elsewhere"
    git(world.folder, "clone", "--quiet", str(world.origin), str(clone))
    git(clone, "config", "user.name", "Somebody Else")
    git(clone, "config", "commit.gpgSign", "true")
    here = world.waybill("bump", "--json", "--image", image).json
    there = world.waybill("bump", "--json", "--image", image, cwd=clone, env={"TZ": "Asia/Tokyo", "LANG": "C"}).json
    assert here["source"]["release_commit"] == there["source"]["release_commit"]


@pytest.mark.parametrize(
    "repository", ["example.org/Acme/orders", "example.org//orders", "a{b}/orders", "ex\x1b/orders"]
)
def test_what_no_registry_can_hold_is_refused_whether_it_is_looked_for_or_not(world: World, repository: str) -> None:
    image = ("--image", f"{repository}@sha256:{'a' * 64}")
    for command in ("bump", "plan", "ship"):
        for more in ((), ("--skip-image-check",)):
            ran = world.waybill(command, "--json", *image, *more)
            assert (ran.code, ran.json["fault"]) == (1, "you")
            assert "is no repository of a registry" in ran.json["refused"]
    assert world.tags() == {}
