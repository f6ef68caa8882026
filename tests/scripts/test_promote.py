"""A release that is out, into another environment: as a user does it, with a ledger that runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving

BRANCH = "promote/orders/production"
RELEASE = "apps/orders/production/release.yaml"
REASON = "1.5 loses orders.\nSee the incident of Monday."


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


def show(world: World, what: str) -> str:
    return git(world.gitops, "show", what)


def merge(world: World, branch: str) -> None:
    """As a forge's button does it."""
    work = world.reviewed
    git(work, "fetch", "--quiet", "origin")
    git(work, "checkout", "--quiet", "-B", "main", "origin/main")
    git(work, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
    git(work, "push", "--quiet", "origin", "main")
    for path, record in proposals(world).items():
        if record["branch"] == branch:
            path.write_text(json.dumps(record | {"state": "merged"}))


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
    merge(world, "apps/orders")
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
    assert f"record: was filed before as {receipt['id']}" in again.stderr


def test_a_roll_back_says_why_in_the_commit_and_the_proposal(world: World) -> None:
    for text in ("first", "second"):
        world.ship(world.image(text))
        if text == "second":
            promote(world, "--version", "0.1.1")
            merge(world, BRANCH)
    head = git(world.gitops, "rev-parse", BRANCH)
    refused = world.waybill("promote", "--to", "production", "--version", "0.1.0")
    assert (refused.code, git(world.gitops, "rev-parse", BRANCH)) == (1, head)
    assert "0.1.0 is superseded: main has 0.1.1 for production" in refused.stderr
    assert "--roll-back" in refused.stderr

    promote(world, "--version", "0.1.0", "--roll-back", REASON)
    assert git(world.gitops, "diff", "--name-only", "main", BRANCH) == RELEASE
    assert 'version: "0.1.0"' in show(world, f"{BRANCH}:{RELEASE}")
    message = git(world.gitops, "log", "-1", "--format=%B", BRANCH)
    assert message.startswith(f"Roll orders back to 0.1.0 in production\n\n{REASON}\n")
    record = list(proposals(world).values())[-1]
    assert (record["title"], record["state"]) == ("Roll orders back to 0.1.0 in production", "open")
    assert "> 1.5 loses orders.\n> See the incident of Monday." in record["body"]
    assert "| version | `0.1.1` | `0.1.0` |" in record["body"]


def test_a_ledger_that_is_down_stops_no_roll_back_and_is_told_afterwards(
    world: World, ledger: RunningLedger, tmp_path: Path
) -> None:
    world.ship(world.image())
    with serving(tmp_path / "down", "orders", []) as down:
        pass
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.0", env=down.env)
    assert ran.code == 1
    assert f"refused (the ledger): The ledger at {down.url} does not answer" in ran.stderr
    assert "run the same command again" in ran.stderr
    assert 'version: "0.1.0"' in show(world, f"{BRANCH}:{RELEASE}")
    head = git(world.gitops, "rev-parse", BRANCH)
    again = world.waybill("promote", "--to", "production", "--version", "0.1.0", env=ledger.env)
    assert again.code == 0, again.stderr
    assert git(world.gitops, "rev-parse", BRANCH) == head
    assert ledger.tells("/releases/orders/0.1.0")["gitops"]["branch"] == BRANCH


def test_three_environments_are_promoted_each_on_its_own_branch(world: World) -> None:
    world.ship(world.image())
    three = {"WAYBILL_ENVIRONMENTS": "staging,canary,production"}
    for to in ("canary", "production"):
        path = world.folder / f"{to}.json"
        ran = world.waybill("promote", "--to", to, "--version", "0.1.0", "--waybill", str(path), env=three)
        assert ran.code == 0, ran.stderr
        assert [it["environment"] for it in json.loads(path.read_text())["gitops"]["places"]] == [to]
    merge(world, "apps/orders")
    for to in ("canary", "production"):
        merge(world, f"promote/orders/{to}")
    for name in ("staging", "canary", "production"):
        assert 'version: "0.1.0"' in show(world, f"main:apps/orders/{name}/release.yaml")
