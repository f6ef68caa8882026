"""Many promoters at once without a GitOps repo: one order, none lost; and a run that is killed is completed."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from semver import Version

from tests.support.builders import Ran, World, git
from tests.support.running_ledger import serving
from tests.support.scripts.gitless import gitless, log, ref, repository, says, tagged
from tests.support.stopping import Stopper
from tools.demo.image import crane

pytestmark = pytest.mark.long

FULL = bool(os.environ.get("WAYBILL_TORTURE"))
RELEASES = 4


@pytest.fixture
def world(tmp_path: Path, registry: str) -> World:
    return gitless(tmp_path, registry)


def moved_to(world: World, environment: str) -> list[tuple[str, str, str]]:
    """Commit, version and kind of each move, the oldest first."""
    shape = "%H %(trailers:key=Waybill-Release,valueonly,separator=) %(trailers:key=Waybill-Kind,valueonly,separator=)"
    lines = git(world.origin, "log", "--reverse", f"--format={shape}", ref(environment)).splitlines()[1:]
    return [(commit, version, kind) for commit, _, version, kind in map(str.split, lines)]


@pytest.mark.torture
def test_of_many_promoters_at_once_each_has_its_place_in_one_order(world: World) -> None:
    """Each with a clone of its own; some of them roll back."""
    for number in range(RELEASES):
        world.commit({"README.md": str(number)})
        world.ship(world.image())
    clones = [world.folder / f"clone-{number}" for number in range(20 if FULL else 6)]
    for clone in clones:
        git(world.folder, "clone", "--quiet", world.origin.as_uri(), clone.name)
    assert world.waybill("promote", "--to", "production", "--version", "0.1.1").code == 0

    def run(clone: Path) -> Ran:
        number = clones.index(clone)
        if number % 5 == 4:
            return world.waybill(
                *("rollback", "orders", "0.1.0", "-e", "production", "--json", "--reason", f"number {number}"),
                cwd=clone,
            )
        version = f"0.1.{random.randrange(RELEASES)}"  # noqa: S311
        return world.waybill("promote", "--json", "--to", "production", "--version", version, cwd=clone)

    with ThreadPoolExecutor(len(clones)) as pool:
        done = list(pool.map(run, clones))
    told = [ran for ran in done if ran.code == 0]
    assert all("superseded: production has" in ran.stderr for ran in done if ran not in told), [
        it.stderr for it in done
    ]
    order = moved_to(world, "production")
    assert {ran.json["gitops"]["commit"] for ran in told} <= {commit for commit, _, _ in order}
    assert len(git(world.origin, "rev-list", "--min-parents=2", ref("production"))) == 0
    for (_, before, _), (_, after, kind) in pairwise(order):
        assert (Version.parse(after) > Version.parse(before)) == (kind == "promote")
    assert tagged(world, "production", "production") == says(world, "production")
    assert tagged(world, order[-1][1], "production") == says(world, "production")


@pytest.mark.torture
def test_wherever_a_promotion_is_killed_the_next_one_completes_it(world: World, tmp_path: Path) -> None:
    world.ship(world.image())
    world.commit({"README.md": "more"})
    world.ship(world.image())
    stopper = Stopper(tmp_path.parent / f"{tmp_path.name}-stopper")
    command = ["promote", "--json", "--to", "production", "--version", "0.1.1"]

    def undo() -> None:
        if git(world.origin, "for-each-ref", ref("production")):
            git(world.origin, "update-ref", "-d", ref("production"))
            for tag in ("production", "0.1.1"):
                crane("delete", "--insecure", f"{repository(world)}/production:{tag}")

    with serving(tmp_path.parent / f"{tmp_path.name}-ledger", "orders", ["staging", "production"]) as ledger:
        for _ in range(2):  # of the second, which finds what the first has fetched, each act is one of those to come
            undo()
            whole, acts = stopper.run(world, *command, env=ledger.env)
            assert whole.code == 0, whole.stderr
        pushed = next(n for n, act in enumerate(acts) if act.startswith("git push") and "--dry-run" not in act)
        numbers = range(len(acts)) if FULL else [pushed, pushed + 1, *random.sample(range(pushed + 2, len(acts)), 3)]
        for number in numbers:
            undo()
            killed, _ = stopper.run(world, *command, before=number, env=ledger.env)
            assert killed.code == -9
            again = world.waybill(*command, env=ledger.env)
            assert again.code == 0, f"killed before {acts[number]}: {again.stderr}"
            assert again.json["artifact"] == whole.json["artifact"]
            assert again.json["gitops"]["commit"] == git(world.origin, "rev-parse", ref("production"))
            assert len(log(world, "production")) == 1
            assert tagged(world, "production", "production") == says(world, "production")
            filed = ledger.tells("/releases/orders/0.1.1")["proposals"]["items"]
            assert again.json["gitops"]["commit"] in [it["commit"] for it in filed]


def test_a_later_release_completes_what_another_left(world: World) -> None:
    """The tag still names the release before, whoever runs next."""
    first = world.image()
    world.ship(first)
    world.commit({"README.md": "more"})
    world.ship(world.image())
    old, new = tagged(world, "0.1.0"), tagged(world, "0.1.1")
    crane("tag", "--insecure", f"{repository(world)}/staging@{old}", "staging")
    git(world.checkout, "checkout", "--quiet", "HEAD^")
    ran = world.waybill("ship", "--image", first)  # the older one, which is superseded
    assert (ran.code, tagged(world, "staging")) == (0, new), ran.stderr
