"""`waybill rollback`: a lower version for an environment, with the reason; without a checkout, or without a ledger."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scripts.clients.ledger import Ledger
from scripts.errors import Refused
from scripts.releases.before import healthy_before
from scripts.report import Report
from tests.support.builders import Ran, World, git, run_waybill
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

BRANCH = "promote/orders/production"
RELEASE = "apps/orders/production/release.yaml"
REASON = 'It "loses" orders.\nSee the incident of Monday.'
DOWN = {"WAYBILL_LEDGER": "http://127.0.0.1:9", "WAYBILL_LEDGER_TOKEN": "wb_any"}


def rollback(*args: str, to: str = "production", reason: str = REASON) -> tuple[str, ...]:
    return ("rollback", "orders", *args, "-e", to, "--reason", reason)


class Line(NamedTuple):
    """A service with three releases, of which production has 0.1.2; `folder` is no checkout of anything."""

    world: World
    ledger: RunningLedger
    folder: Path

    def away(self, *args: str, to: str = "production", reason: str = REASON, **more: str) -> Ran:
        env = {"WAYBILL_GITOPS": str(self.world.gitops), **self.ledger.env, **more}
        return run_waybill(*rollback(*args, to=to, reason=reason), cwd=self.folder, env=env)

    def show(self, what: str) -> str:
        return git(self.world.gitops, "show", what)


@pytest.fixture
def line(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with serving(tmp_path_factory.mktemp("ledger"), "orders", ["production"]) as ledger:
        for text in ("first", "second", "third"):
            world.ship(world.image(text), env=ledger.env)
        ran = world.waybill("promote", "--to", "production", "--version", "0.1.2")
        assert ran.code == 0, ran.stderr
        world.merge(BRANCH)
        yield Line(world, ledger, tmp_path_factory.mktemp("away"))


def arrives(line: Line, version: str, at: int, reason: str = "UpgradeSucceeded") -> None:
    """At second `at` of a minute."""
    more = {"timestamp": f"2026-01-02T03:04:{at:02}Z"}
    line.ledger.hears("production", version, reason, resource_version=at, **more)


def last_proposal(world: World) -> Any:
    return [json.loads(it.read_text()) for it in sorted(world.gitops.glob("waybill-proposals/*.json"))][-1]


def test_it_needs_no_checkout_and_goes_back_to_what_was_healthy_before(line: Line) -> None:
    arrives(line, "0.1.0", 1, "InstallSucceeded")
    arrives(line, "0.1.1", 11)
    arrives(line, "0.1.2", 21)
    before = everything(line.world)
    dry = line.away("--dry-run", "--json")
    assert dry.code == 0, dry.stderr
    assert 'version: "0.1.1"' in dry.json["patch"]
    assert (everything(line.world), list(line.folder.iterdir())) == (before, [])

    ran = line.away("--json")
    assert ran.code == 0, ran.stderr
    assert "rollback  production has 0.1.2, and 0.1.1 was healthy there before" in ran.stderr
    assert ran.json["chart"]["version"] == "0.1.1"
    said = {"kind": "rollback", "reason": 'It "loses" orders. See the incident of Monday.'}
    assert {key: ran.json["gitops"][key] for key in said} == said
    assert git(line.world.gitops, "diff", "--name-only", "main", BRANCH) == RELEASE
    release = line.show(f"{BRANCH}:{RELEASE}")
    assert ran.json["images"][0]["digest"] in release
    assert 'version: "0.1.1"' in release
    message = git(line.world.gitops, "log", "-1", "--format=%B", BRANCH)
    assert message.startswith(f"Roll orders back to 0.1.1 in production\n\n{REASON}\n")
    proposal = last_proposal(line.world)
    assert (proposal["title"], proposal["state"]) == ("Roll orders back to 0.1.1 in production", "open")
    assert '> It "loses" orders.\n> See the incident of Monday.' in proposal["body"]
    assert "| version | `0.1.2` | `0.1.1` |" in proposal["body"]
    filed = line.ledger.tells("/releases/orders/0.1.1")
    assert BRANCH in {it["branch"] for it in filed["proposals"]["items"]}
    again = line.away("--json")
    assert (again.code, again.json) == (0, ran.json)
    line.world.merge(BRANCH)
    assert "main has 0.1.1 already" in line.away().stderr


def refused(line: Line, *args: str, **more: str) -> str:
    """What is said where nothing is proposed; nothing has changed."""
    before = everything(line.world)
    ran = line.away(*args, **more)
    assert (ran.code, ran.stdout) == (1, ""), ran.stderr
    assert (everything(line.world), list(line.folder.rglob("*@*.json"))) == (before, [])
    return " ".join(ran.stderr.splitlines()[-2:])


def test_what_is_not_known_to_have_been_healthy_is_passed_over_or_refused(line: Line) -> None:
    assert "no release below 0.1.2 is known to have been healthy there" in refused(line)
    arrives(line, "0.1.0", 1, "InstallSucceeded")
    arrives(line, "0.1.1", 11)
    arrives(line, "0.1.1", 12, "TestFailed")
    arrives(line, "0.1.2", 21)
    ran = line.away("--json", "--dry-run")
    assert ran.json["waybill"]["chart"]["version"] == "0.1.0"
    assert "0.1.1 ran in production, and its health was failing: passed over" in ran.stderr
    arrives(line, "9.9.9", 31)
    arrives(line, "0.1.2", 41)
    said = refused(line)
    assert "What to go back to of orders in production is not clear: 0.1.2 follows a higher version, 9.9.9" in said
    assert "waybill rollback orders VERSION -e production" in said
    assert "0.1.3 is not filed with the ledger" in refused(line, "0.1.3")
    line.world.ship(line.world.image("fourth"), env=line.ledger.env)
    assert "so this is not a rollback" in refused(line, "0.1.3")
    line.ledger.hears("production", "0.1.2", namespace="elsewhere")
    assert "it runs in several places there" in refused(line)


def test_a_release_that_flux_itself_rolled_back_is_what_is_gone_back_from(line: Line) -> None:
    """0.1.2 is wanted and never ran: what runs is what was healthy before."""
    arrives(line, "0.1.1", 1, "InstallSucceeded")
    arrives(line, "0.1.2", 11, "UpgradeFailed")
    arrives(line, "0.1.1", 12, "RollbackSucceeded")
    ran = line.away("--json", "--dry-run")
    assert ran.code == 0, ran.stderr
    assert ran.json["waybill"]["chart"]["version"] == "0.1.1"


def test_without_a_checkout_a_ledger_is_needed(line: Line) -> None:
    assert "Only a ledger knows what was healthy before" in refused(line, "0.1.1", WAYBILL_LEDGER="")
    for version in ((), ("0.1.1",)):
        said = refused(line, *version, **DOWN)
        assert "The ledger at http://127.0.0.1:9 does not answer" in said
        assert "checkout of orders" in said
    assert "or WAYBILL_GITOPS" in refused(line, WAYBILL_GITOPS="")
    unfit = {"WAYBILL_SERVICE": "x", "WAYBILL_ENVIRONMENTS": "production", "WAYBILL_NAMESPACE": "A b"}
    assert '`namespace` is "A b"' in refused(line, **unfit)
    assert "--reason gives no reason" in refused(line, reason=" \n")
    assert "staging is no environment" in refused(line, to="staging", WAYBILL_ENVIRONMENTS="production")
    assert "has no release of orders for staging" in refused(line, "0.1.1", to="staging")


def test_in_a_checkout_or_with_its_address_no_ledger_is_needed(line: Line) -> None:
    """At night, with the ledger down as well."""
    head = git(line.world.gitops, "rev-parse", BRANCH)
    ran = line.world.waybill(*rollback("0.1.1", "--json"), env=DOWN)
    assert (ran.code, ran.json["fault"]) == (1, "ledger")
    assert "orders 0.1.1 is shipped, not filed: The ledger at http://127.0.0.1:9 does not answer" in ran.json["refused"]
    assert "`waybill record orders 0.1.1` files it" in ran.json["remedy"]
    (done,) = ran.json["done"]
    assert done["gitops"]["commit"] == git(line.world.gitops, "rev-parse", BRANCH) != head
    ran = line.away("0.1.1", "--json", "--remote", line.world.origin.as_uri(), WAYBILL_LEDGER="")
    assert (ran.code, ran.json) == (0, done), ran.stderr


def test_a_repository_of_another_service_is_none(line: Line) -> None:
    said = refused(line, "0.1.1", "--remote", line.world.gitops.as_uri())
    assert f"{line.world.gitops.as_uri()} is not the repository of orders" in said
    said = refused(line, "0.1.1", "--remote", "file:///none.git")
    assert "git cannot read file:///none.git" in said


def test_a_release_of_which_the_ledger_does_not_know_whether_it_was_healthy_is_not_gone_back_to() -> None:
    class Forgetful(Ledger):
        """It has the arrival, and no state of that time."""

        def arrivals(self, environment: str, service: str) -> dict[str, Any]:
            times = {"from": "2026-01-02T03:04:05Z", "until": "2026-01-02T03:05:05Z"}
            return {"items": [{"place": "apps/orders", "release": {"version": "0.1.1", "known": True}, **times}]}

        def environment(self, name: str, at: str = "") -> None:
            return None

    with pytest.raises(Refused, match=r"0\.1\.1 ran there, and whether it was healthy is not known"):
        healthy_before(Forgetful("http://127.0.0.1:9", None), "orders", "production", "0.1.2", Report())


def test_in_a_checkout_of_something_else_the_settings_may_come_from_a_file_elsewhere(line: Line) -> None:
    arrives(line, "0.1.1", 11)
    arrives(line, "0.1.2", 21)
    settings = line.folder / "on-call.toml"
    settings.write_text(f'gitops = "{line.world.gitops}"\nledger = "{line.ledger.url}"\n')
    notes = line.folder / "notes"
    git(line.folder, "init", "--quiet", str(notes))
    git(notes, "commit", "--quiet", "--allow-empty", "-m", "Notes")
    ran = run_waybill(*rollback("--json", "--config", str(settings)), cwd=notes, env=line.ledger.env)
    assert ran.code == 0, ran.stderr
    assert ran.json["chart"]["version"] == "0.1.1"
