"""A release that is out, into another environment: as a user does it, with a ledger that runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import World, git, program
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

BRANCH = "promote/orders/production"
RELEASE = "apps/orders/production/release.yaml"
GROUP = {"WAYBILL_ENVIRONMENTS": "staging, production = production-eu + production-us"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


def show(world: World, what: str) -> str:
    return git(world.gitops, "show", what)


def proposals(world: World) -> dict[Path, Any]:
    return {path: json.loads(path.read_text()) for path in sorted(world.gitops.glob("waybill-proposals/*.json"))}


def promote(world: World, *args: str, **more: Any) -> Any:
    ran = world.waybill("promote", "--json", "--to", "production", *args, **more)
    assert ran.code == 0, ran.stderr
    return ran.json


def test_what_runs_healthy_in_the_first_environment_is_proposed_for_the_next(
    world: World, ledger: RunningLedger
) -> None:
    shipped = world.ship(world.image(), env=ledger.env)
    world.merge("apps/orders")
    ledger.hears("staging", "0.1.0")
    promoted = promote(world, env=ledger.env)
    assert {**promoted, "gitops": None} == {**shipped, "gitops": None}
    assert (promoted["gitops"]["branch"], promoted["gitops"]["places"]) == (
        BRANCH,
        [{"environment": "production", "place": "apps/orders"}],
    )
    assert show(world, f"{BRANCH}:{RELEASE}") == show(world, "main:apps/orders/staging/release.yaml")
    changed = git(world.gitops, "diff", "--name-only", "main", BRANCH).splitlines()
    assert changed == [
        "apps/orders/production/kustomization.yaml",
        "apps/orders/production/release.yaml",
        "clusters/production/orders.yaml",
    ]
    (body,) = [record["body"] for record in proposals(world).values() if record["branch"] == BRANCH]
    assert "In the cluster: the first release there, 1 object." in body
    assert f"{ledger.url}/releases/orders/0.1.0" in body

    folder = world.checkout / ".waybill"
    assert json.loads((folder / "orders.json").read_text()) == shipped
    assert json.loads((folder / "orders@production.json").read_text()) == promoted
    filed = ledger.tells("/releases/orders/0.1.0")
    assert {proposal["branch"] for proposal in (filed["gitops"], *filed["proposals"]["items"])} == {
        "apps/orders",
        BRANCH,
    }

    head = git(world.gitops, "rev-parse", BRANCH)
    assert promote(world, env=ledger.env) == promoted
    assert (git(world.gitops, "rev-parse", BRANCH), len(proposals(world))) == (head, 2)


def test_the_tag_and_the_registry_tell_the_same_release_as_ship_did(world: World, ledger: RunningLedger) -> None:
    """From a shallow checkout that never saw the release; the ledger then takes both tellings for one."""
    shipped = world.ship(world.image())
    world.commit({"README.md": "Work goes on.\n"})
    git(world.folder, "clone", "--quiet", "--no-tags", "--depth=1", world.origin.as_uri(), "fresh")
    promoted = promote(world, "--version", "0.1.0", cwd=world.folder / "fresh", env=ledger.env)
    assert {**promoted, "gitops": None} == {**shipped, "gitops": None}
    receipt = ledger.tells("/releases/orders/0.1.0")["receipt"]
    again = world.waybill("record", env=ledger.env)
    assert f"record    was filed before as {receipt['id']}" in again.stderr


def test_the_stage_before_says_what_is_promoted(world: World, tmp_path: Path) -> None:
    """What runs two stages before does not skip the one between."""
    four = {"WAYBILL_ENVIRONMENTS": "staging, qa, production = eu + us, archive"}
    with serving(tmp_path / "ledger", "orders", ["staging", "qa", "eu", "us"]) as ledger:
        for text in ("one", "two"):
            world.ship(world.image(text), env=ledger.env)
        for name, version in {"staging": "0.1.1", "qa": "0.1.0", "eu": "0.1.0", "us": "0.1.0"}.items():
            ledger.hears(name, version)

        def promoted(*args: str) -> Any:
            ran = world.waybill("promote", "--json", "--dry-run", *args, env=ledger.env | four)
            assert ran.code == 0, ran.stderr
            plans = ran.json if isinstance(ran.json, list) else [ran.json]
            return [(it["waybill"]["chart"]["version"], it["said"].partition(" for ")[2]) for it in plans]

        assert promoted("--to", "qa") == [("0.1.1", "qa")]
        assert promoted("--to", "production") == [("0.1.0", "eu"), ("0.1.0", "us")]
        assert promoted("--to", "us") == [("0.1.0", "us")]
        assert promoted("--to", "archive") == [("0.1.0", "archive")]
        assert promoted("--to", "us", "--to", "qa") == [("0.1.1", "qa"), ("0.1.1", "us")]
        assert promoted("--to", "production", "--from", "staging") == [("0.1.1", "eu"), ("0.1.1", "us")]
        assert promoted("--to", "archive", "--from", "production") == [("0.1.0", "archive")]
        assert promoted("--to", "archive", "--version", "0.1.1") == [("0.1.1", "archive")]


def test_a_dry_run_shows_what_is_proposed_and_changes_nothing(world: World) -> None:
    world.ship(world.image())
    before = everything(world)
    ran = world.waybill("promote", "--dry-run", "--to", "production", "--version", "0.1.0")
    assert ran.code == 0, ran.stderr
    assert "+++ b/apps/orders/production/release.yaml" in ran.stdout
    assert "the first release there, 1 object" in ran.stdout
    assert f"{BRANCH} at " in ran.stdout
    assert everything(world) == before


def test_a_group_gets_a_proposal_for_each_of_its_environments(world: World, tmp_path: Path) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging"]) as ledger:
        world.ship(world.image(), env=ledger.env)
        ledger.hears("staging", "0.1.0")
        ran = world.waybill("promote", "--json", "--to", "production", env=ledger.env | GROUP)
        assert ran.code == 0, ran.stderr
        said = [(it["gitops"]["branch"], [to["environment"] for to in it["gitops"]["places"]]) for it in ran.json]
        assert said == [(f"promote/orders/{name}", [name]) for name in ("production-eu", "production-us")]
        for waybill, name in zip(ran.json, ("production-eu", "production-us"), strict=True):
            assert json.loads((world.checkout / ".waybill" / f"orders@{name}.json").read_text()) == waybill
        filed = ledger.tells("/releases/orders/0.1.0")
        assert {it["branch"] for it in filed["proposals"]["items"]} >= {it["gitops"]["branch"] for it in ran.json}


def test_what_is_out_when_one_of_several_fails_is_said_and_repeating_completes_it(world: World) -> None:
    world.ship(world.image())
    hook = "case $1 in refs/heads/promote/orders/production-us) echo Closed on Saturdays; exit 1;; esac"
    program(world.gitops / "hooks", "update", hook)
    command = ("promote", "--json", "--to", "production", "--version", "0.1.0")
    ran = world.waybill(*command, env=GROUP)
    assert (ran.code, ran.json["fault"]) == (1, "gitops")
    assert "What production-us gets is not complete" in ran.json["refused"]
    assert "Closed on Saturdays" in ran.json["refused"]
    assert "The same command completes it" in ran.json["remedy"]
    (done,) = ran.json["done"]
    assert done["gitops"]["branch"] == "promote/orders/production-eu"
    assert "environments  production-eu" in world.waybill(command[0], *command[2:], env=GROUP).stdout
    (world.gitops / "hooks" / "update").unlink()
    again = world.waybill(*command, env=GROUP)
    assert again.code == 0, again.stderr
    assert [[to["environment"] for to in it["gitops"]["places"]] for it in again.json] == [
        ["production-eu"],
        ["production-us"],
    ]
    assert again.json[0] == done
    assert len(proposals(world)) == 3


def test_of_several_nothing_is_proposed_where_one_would_be_refused(world: World) -> None:
    for text in ("first", "second"):
        world.ship(world.image(text))
    command = ("promote", "--to", "production-us", "--version", "0.1.1")
    assert world.waybill(*command, env=GROUP).code == 0
    before = everything(world)
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.0", env=GROUP)
    assert ran.code == 1
    assert "0.1.0 is superseded: promote/orders/production-us has 0.1.1 for production-us" in ran.stderr
    assert everything(world) == before


def test_three_environments_are_promoted_each_on_its_own_branch(world: World) -> None:
    world.ship(world.image())
    three = {"WAYBILL_ENVIRONMENTS": "staging,canary,production"}
    for to in ("canary", "production"):
        path = world.folder / f"{to}.json"
        ran = world.waybill("promote", "--to", to, "--version", "0.1.0", "--waybill", str(path), env=three)
        assert ran.code == 0, ran.stderr
        assert [it["environment"] for it in json.loads(path.read_text())["gitops"]["places"]] == [to]
    world.merge("apps/orders")
    for to in ("canary", "production"):
        world.merge(f"promote/orders/{to}")
    for name in ("staging", "canary", "production"):
        assert 'version: "0.1.0"' in show(world, f"main:apps/orders/{name}/release.yaml")
