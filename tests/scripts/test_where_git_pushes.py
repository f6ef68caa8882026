"""A tag reserves a version in one repository: what git's configuration makes of the remote is done right, or refused by
doctor, plan and ship alike before anything is out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builders import World, git
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long


def other(world: World) -> Path:
    """A copy of the source repository."""
    git(world.folder, "clone", "--quiet", "--bare", str(world.origin), "other.git")
    return world.folder / "other.git"


def configure(world: World, *pairs: tuple[str, object]) -> None:
    for key, value in pairs:
        git(world.checkout, "config", "--add", key, str(value))


def several(world: World) -> None:
    configure(world, ("remote.origin.pushurl", world.origin), ("remote.origin.pushurl", other(world)))


def several_to_read(world: World) -> None:
    configure(world, ("remote.origin.url", other(world)))


def elsewhere(world: World) -> None:
    git(there := other(world), "tag", f"{world.service}-3.0.0", "main")
    configure(world, ("remote.origin.pushurl", there))


def instead(world: World) -> None:
    git(there := other(world), "update-ref", "-d", "refs/heads/main")
    configure(world, (f"url.{there}.pushInsteadOf", world.origin))


REFUSED: dict[str, tuple[Callable[[World], None], str, str]] = {
    "several addresses to push to": (several, "pushes to origin at several addresses, ", "git remote add releases"),
    "several addresses": (several_to_read, "pushes to origin at several addresses, ", "git remote add releases"),
    "another repository": (elsewhere, "which holds something else", "`remote.origin.pushurl`"),
    "another repository by pushInsteadOf": (instead, "which holds something else", "`pushInsteadOf`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_remote_that_is_several_repositories_is_refused(case: str, world: World) -> None:
    make, what, remedy = REFUSED[case]
    make(world)
    before = everything(world)
    told = json.loads(world.waybill("doctor", "--json").stdout)
    assert any(it["state"] == "fail" and what in it["what"] for it in told)
    for command in ("plan", "ship", "bump"):
        ran = world.waybill(command, "--json", "--image", world.image())
        assert (ran.code, ran.json["fault"]) == (1, "repository"), ran.stderr
        assert what in ran.json["refused"]
        assert remedy in ran.json["remedy"]
        assert everything(world) == before


def test_the_remedies_help(world: World) -> None:
    several(world)
    git(world.checkout, "remote", "add", "releases", str(world.origin))
    assert world.ship(world.image(), "--remote", "releases")["source"]["tag"] in world.tags()
    git(world.checkout, "config", "--unset-all", "remote.origin.pushurl")
    assert world.ship(world.image("two"))["source"]["tag"] in world.tags()


def test_one_that_was_bumped_before_is_refused_as_well(world: World) -> None:
    for step in (("bump", "--image", world.image()), ("package",)):
        assert world.waybill(*step).code == 0
    several(world)
    ran = world.waybill("publish", "--json")
    assert (ran.code, world.tags()) == (1, {}), ran.stderr
    assert "at several addresses" in ran.json["refused"]


def test_two_addresses_of_one_repository_are_one(world: World) -> None:
    configure(world, ("remote.origin.pushurl", f"file://{world.origin}"))
    assert world.ship(world.image())["source"]["tag"] in world.tags()


def test_a_remote_that_mirrors_gets_the_tag_alone(world: World) -> None:
    configure(world, ("remote.origin.mirror", "true"))
    git(world.checkout, "tag", "mine")
    git(world.origin, "branch", "theirs", "main")
    assert world.waybill("doctor").code == 0
    assert world.ship(world.image())["source"]["tag"] in world.tags()
    assert set(world.tags()) == {"orders-0.1.0"}
    assert git(world.origin, "rev-parse", "theirs")
