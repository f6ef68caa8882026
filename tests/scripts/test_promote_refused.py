"""What is not promoted, and that the user is told why: nothing changes anywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.support.builders import World, git
from tests.support.release import bumped
from tests.support.running_ledger import RunningLedger, serving


class Line(NamedTuple):
    """One service whose 0.1.0 and 0.1.1 are out and filed, and a ledger that hears of many first environments."""

    world: World
    ledger: RunningLedger


def quiet(_: RunningLedger) -> None:
    """An environment that never reported."""


def other_service(ledger: RunningLedger) -> None:
    ledger.hears("e-other", "1.0.0", name="web")


def failed_install(ledger: RunningLedger) -> None:
    ledger.hears("e-install", "0.1.0", "InstallFailed")


def uninstalled(ledger: RunningLedger) -> None:
    ledger.hears("e-gone", "0.1.0")
    ledger.hears("e-gone", "0.1.0", "UninstallSucceeded", resource_version=2)


def unfiled(ledger: RunningLedger) -> None:
    ledger.hears("e-unfiled", "9.9.9")


def other_chart(ledger: RunningLedger) -> None:
    ledger.hears("e-chart", "0.1.0", metadata={"revision": "0.1.0", "oci-digest": f"sha256:{'0' * 64}"})


def failing_test(ledger: RunningLedger) -> None:
    ledger.hears("e-test", "0.1.0")
    ledger.hears("e-test", "0.1.0", "TestFailed", resource_version=2)


def drifted(ledger: RunningLedger) -> None:
    ledger.hears("e-drift", "0.1.0")
    ledger.hears("e-drift", "0.1.0", "DriftDetected", resource_version=2)


def two_places(ledger: RunningLedger) -> None:
    ledger.hears("e-two", "0.1.0")
    ledger.hears("e-two", "0.1.1", namespace="shop")


UNCLEAR: dict[str, tuple[Callable[[RunningLedger], None], str]] = {
    "e-quiet": (quiet, "e-quiet never reported to the ledger"),
    "e-other": (other_service, "nothing of it runs there"),
    "e-install": (failed_install, "nothing runs in apps/orders, where 0.1.0 failed"),
    "e-gone": (uninstalled, "nothing of it runs there"),
    "e-unfiled": (unfiled, "apps/orders runs 9.9.9, a release that is not filed"),
    "e-chart": (other_chart, "apps/orders runs 0.1.0, but not with the chart that was published"),
    "e-test": (failing_test, "apps/orders runs 0.1.0, and its health is failing (TestFailed)"),
    "e-drift": (drifted, "apps/orders runs 0.1.0, and its health is failing (DriftDetected)"),
    "e-two": (two_places, "its places differ, 0.1.0 in apps/orders and 0.1.1 in shop/orders"),
}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Iterator[Line]:
    world = World(tmp_path_factory.mktemp("refused"), registry)
    with serving(world.folder / "ledger", "orders", [*UNCLEAR, "f-one", "f-two"]) as ledger:
        for text in ("first", "second"):
            world.ship(world.image(text), env=ledger.env)
        yield Line(world, ledger)


def refs(*repositories: Path) -> list[str]:
    return [git(repository, "for-each-ref") for repository in repositories]


def refused(line: Line, *args: str, **env: str) -> str:
    """What the user sees of a promotion that is refused; nothing that could have changed has changed."""
    world = line.world
    before = refs(world.origin, world.gitops, world.checkout)
    ran = world.waybill("promote", *args, env=line.ledger.env | env)
    assert (ran.code, ran.stdout) == (1, ""), ran.stderr
    assert refs(world.origin, world.gitops, world.checkout) == before
    assert not list((world.checkout / ".waybill").glob("*@*"))
    what, remedy = ran.stderr.splitlines()[-2:]
    assert what.startswith("refused (")
    assert remedy.startswith("  what to do: ")
    return f"{what}\n{remedy}"


@pytest.mark.parametrize("first", UNCLEAR)
def test_what_the_first_environment_does_not_prove(line: Line, first: str) -> None:
    report, cause = UNCLEAR[first]
    report(line.ledger)
    said = refused(line, "--to", "production", WAYBILL_ENVIRONMENTS=f"{first},production")
    assert f"What to promote of orders is not clear from {first}: {cause}." in said
    assert "--version" in said


def test_a_ledger_that_is_absent_or_silent_proves_nothing(line: Line) -> None:
    said = refused(line, "--to", "production", WAYBILL_LEDGER="")
    assert "Only a ledger knows what runs in an environment, and none is configured" in said
    assert "Set `ledger` in waybill.toml, or name the release with --version" in said
    with httpx.Client() as client, pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:9")
    said = refused(line, "--to", "production", WAYBILL_LEDGER="http://127.0.0.1:9")
    assert "refused (the ledger): The ledger at http://127.0.0.1:9 does not answer" in said


def test_the_first_environment_has_nothing_before_it(line: Line) -> None:
    assert "nothing comes before it that could be promoted" in refused(line, "--to", "staging")


def test_what_would_be_skipped_or_comes_from_itself(line: Line) -> None:
    four = {"WAYBILL_ENVIRONMENTS": "staging, qa, production = eu + us, archive"}
    said = refused(line, "--to", "qa", "--to", "archive", **four)
    assert "production would be skipped on the way to archive" in said
    assert "eu is both where it comes from and where it goes to" in refused(
        line, "--to", "eu", "--from", "production", **four
    )
    assert "live is no environment" in refused(line, "--to", "eu", "--from", "live", **four)
    for name, version in {"f-one": "0.1.0", "f-two": "0.1.1"}.items():
        line.ledger.hears(name, version)
    said = refused(line, "--to", "live", WAYBILL_ENVIRONMENTS="pair = f-one + f-two, live")
    assert (
        "What to promote of orders is not clear from pair: its environments differ, 0.1.0 in f-one and 0.1.1 in" in said
    )


def test_two_ways_to_name_the_release_are_wrong_usage(line: Line) -> None:
    ran = line.world.waybill("promote", "--to", "production", "--from", "staging", "--version", "0.1.0")
    assert (ran.code, ran.stdout) == (2, "")
    assert line.world.waybill("promote", "--version", "0.1.0").code == 2


def test_one_file_for_several_waybills(line: Line) -> None:
    said = refused(line, "--to", "staging", "--to", "production", "--version", "0.1.0", "--waybill", "one.json")
    assert "--waybill names one file, and 2 waybills are written" in said


def test_an_environment_that_waybill_toml_does_not_list(line: Line) -> None:
    said = refused(line, "--to", "prod", "--version", "0.1.0")
    assert "prod is no environment of this service" in said
    assert "The environments are staging, production; a new one goes into waybill.toml." in said


@pytest.mark.long
def test_a_version_that_is_not_out(line: Line) -> None:
    said = refused(line, "--to", "production", "--version", "7.0.0")
    assert "There is no release orders-7.0.0" in said
    git(line.world.origin, "tag", "orders-6.0.0", "main")
    said = refused(line, "--to", "production", "--version", "6.0.0")
    assert "The tag orders-6.0.0 tells no release" in said
    git(line.world.origin, "tag", "orders-5.0.0", "orders-0.1.0")
    said = refused(line, "--to", "production", "--version", "5.0.0")
    assert "The tag orders-5.0.0 tells no release" in said
    half_done = bumped(line.world, line.world.image("third"), "0.2.0").source.release_commit
    git(line.world.checkout, "push", "--quiet", "origin", f"{half_done}:refs/tags/orders-0.2.0")
    said = refused(line, "--to", "production", "--version", "0.2.0")
    assert "0.2.0 is reserved by its tag, but" in said
    assert "Ship the tag's source commit again" in said
    said = refused(line, "--to", "production", "--version", "--upload-pack=touch x")
    assert "which is no X.Y.Z" in said


def test_where_nothing_can_be_proposed(line: Line) -> None:
    version = ("--to", "production", "--version", "0.1.0")
    absent = str(line.world.folder / "none.git")
    said = refused(line, *version, WAYBILL_GITOPS=absent)
    assert f"refused (your input): There is no GitOps repo at {absent}." in said
    assert "Set `gitops` to the path or the address" in said
    (line.world.checkout / "without.toml").write_text('environments = ["staging", "production"]\n')
    said = refused(line, *version, "--config", "without.toml")
    assert "No GitOps repo is configured" in said
    assert "Set `gitops` in waybill.toml" in said


def test_without_a_registry_nobody_knows_what_is_published(line: Line) -> None:
    text = (line.world.checkout / "waybill.toml").read_text()
    (line.world.checkout / "unpublished.toml").write_text(
        "".join(it for it in text.splitlines(True) if not it.startswith("registry"))
    )
    version = ("--to", "production", "--version", "0.1.0", "--config", "unpublished.toml")
    said = refused(line, *version, WAYBILL_LEDGER="")
    assert "No registry is configured" in said
