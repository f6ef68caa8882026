"""`waybill record SERVICE VERSION`: what ship and promote could not file is filed later, on any machine, as they would
have filed it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.builders import Ran, World, git, run_waybill
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

ENVIRONMENTS = {"WAYBILL_ENVIRONMENTS": "staging, production, canary"}
REASON = "It loses orders.\nImage of it all.\nWaybill-Replaces: 9.9.9\nWaybill-Release: orders 9.9.9"
DOWN = {"WAYBILL_LEDGER": "http://127.0.0.1:9", "WAYBILL_LEDGER_TOKEN": "wb_any"}


class Unfiled(NamedTuple):
    """A service whose 0.1.0 and 0.1.1 went out while the ledger was down; `left` is what each command had to file."""

    world: World
    ledger: RunningLedger
    left: dict[str, Any]

    def record(self, *args: str, folder: Path, **env: str) -> Ran:
        return run_waybill("record", *args, cwd=folder, env=self.ledger.env | ENVIRONMENTS | env)

    def fresh(self, folder: Path) -> Path:
        git(folder, "clone", "--quiet", "--no-tags", self.world.origin.as_uri(), "fresh")
        return folder / "fresh"


@pytest.fixture(scope="module")
def unfiled(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Iterator[Unfiled]:
    world = World(tmp_path_factory.mktemp("filing"), registry)

    def out(*args: str) -> Any:
        ran = world.waybill(*args, "--json", env=DOWN | ENVIRONMENTS)
        assert (ran.code, ran.json["fault"]) == (1, "ledger"), ran.stderr
        assert "is shipped, not filed: The ledger at http://127.0.0.1:9 does not answer" in ran.json["refused"]
        return ran.json["done"][0]

    first = out("ship", "--image", world.image("first"))
    world.merge("apps/orders", delete=True)
    second = out("ship", "--image", world.image("second"))
    promoted = out("promote", "--to", "canary", "--version", "0.1.1")
    overtaken = out("promote", "--to", "production", "--version", "0.1.1")
    world.merge("promote/orders/production", delete=True)
    rolled = out("rollback", "orders", "0.1.0", "-e", "production", "--reason", REASON)
    world.merge("promote/orders/production", delete=True)
    with serving(tmp_path_factory.mktemp("ledger"), "orders", []) as ledger:
        left = {"first": first, "second": second, "promoted": promoted, "overtaken": overtaken, "rolled": rolled}
        yield Unfiled(world, ledger, left)


def test_it_files_what_the_commands_would_have_filed_and_once(unfiled: Unfiled, tmp_path: Path) -> None:
    fresh = unfiled.fresh(tmp_path)
    ran = unfiled.record("orders", "0.1.1", "--json", folder=fresh)
    assert ran.code == 0, ran.stderr
    assert ran.json == [unfiled.left[name] for name in ("second", "overtaken", "promoted")]
    filed = unfiled.ledger.tells("/releases/orders/0.1.1")
    again = unfiled.record("orders", "0.1.1", folder=fresh)
    assert f"was filed before as {filed['receipt']['id']}" in again.stderr
    assert unfiled.ledger.tells("/releases/orders/0.1.1") == filed
    command = ("promote", "--to", "canary", "--version", "0.1.1")
    repeated = unfiled.world.waybill(*command, env=unfiled.ledger.env | ENVIRONMENTS)
    assert repeated.code == 0, repeated.stderr
    assert unfiled.ledger.tells("/releases/orders/0.1.1") == filed


def test_with_its_repositorys_address_it_needs_no_checkout(unfiled: Unfiled, tmp_path: Path) -> None:
    """All was merged, and the branches are gone; what each had before is another release now."""
    remote = ("--remote", unfiled.world.origin.as_uri())
    ran = unfiled.record("orders", "0.1.0", "--json", *remote, folder=tmp_path)
    assert ran.code == 0, ran.stderr
    assert ran.json == [unfiled.left["first"], unfiled.left["rolled"]]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_told_is_refused(unfiled: Unfiled, tmp_path: Path) -> None:
    before = everything(unfiled.world)
    ran = unfiled.record("orders", "0.1.1", folder=tmp_path)
    assert ran.code == 1
    assert "There is no checkout of orders here" in ran.stderr
    assert "--remote" in ran.stderr
    ran = unfiled.record("orders", "7.0.0", folder=unfiled.fresh(tmp_path))
    assert ran.code == 1
    assert "There is no release orders-7.0.0" in ran.stderr
    assert unfiled.record("orders", folder=tmp_path).code == 2
    assert everything(unfiled.world) == before


def test_without_a_ledger_the_result_says_that_nothing_is_filed(unfiled: Unfiled, tmp_path: Path) -> None:
    ran = unfiled.record("orders", "0.1.1", folder=unfiled.fresh(tmp_path), WAYBILL_LEDGER="")
    assert ran.code == 0
    assert "not filed: no ledger is configured" in ran.stdout


def test_a_proposal_that_another_release_took_while_it_was_open_is_said_to_be_unknown(
    world: World, tmp_path: Path
) -> None:
    for text in ("first", "second"):
        assert world.waybill("ship", "--image", world.image(text), env=DOWN).code == 1
    with serving(tmp_path / "ledger", "orders", []) as ledger:
        ran = world.waybill("record", "orders", "0.1.0", "--json", env=ledger.env)
        assert ran.code == 0, ran.stderr
        assert "gitops" not in ran.json
        assert (
            "no proposal of orders 0.1.0 is found: what was proposed, if another release took its place" in ran.stderr
        )
