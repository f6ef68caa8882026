"""Whoever may push to the registry cannot have another chart proposed than the one that the tag's commit packages to:
on every path that ends in a pull request."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.clients.manifest import CHART_LAYER
from tests.support.builders import World, git
from tests.support.running_ledger import RunningLedger, serving
from tests.support.scripts.archives import descriptor, forged, push_layers
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

PROMOTE = ("promote", "--to", "production", "--version", "0.1.0")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with serving(tmp_path / "ledger", "orders", ["staging", "production"]) as it:
        yield it


def attack(world: World) -> None:
    """Puts the chart with an additional ClusterRoleBinding under the release's version."""
    ours = (world.checkout / ".waybill/orders-0.1.0.tgz").read_bytes()
    push_layers(f"{world.registry}/charts-{world.folder.name}/orders:0.1.0", [(CHART_LAYER, forged(ours))])


def attack_beside(world: World, place: str) -> None:
    """Lets the release's manifest name that chart, too, at another place than its layers."""
    ours, name = (world.checkout / ".waybill/orders-0.1.0.tgz").read_bytes(), f"charts-{world.folder.name}/orders"
    push_layers(f"{world.registry}/{name}:theirs", [(CHART_LAYER, forged(ours))])
    push_layers(
        f"{world.registry}/{name}:0.1.0", [(CHART_LAYER, ours)], **{place: descriptor(CHART_LAYER, forged(ours))}
    )


def killed_after_the_tag(world: World) -> None:
    commit = json.loads((world.checkout / ".waybill/orders.json").read_text())["source"]["release_commit"]
    git(world.checkout, "push", "--quiet", "origin", f"{commit}:refs/tags/orders-0.1.0")


def refused(world: World, *command: str, env: dict[str, str] | None = None) -> str:
    """What is said; nothing changes but the run's own files."""
    before = everything(world)
    ran = world.waybill(*command, env=env)
    after = everything(world)
    assert ran.code == 1, ran.stdout
    own = (f"{world.checkout}/.waybill/", f"{world.folder}/ledger/")  # the ledger's: by what it tells, where it matters
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert [path for path in changed if not path.startswith(own)] == []
    return ran.stderr


@pytest.mark.parametrize("source", ["helm-repository", "oci-repository"])
def test_a_chart_that_came_between_tag_and_push_is_refused_when_ship_is_repeated(world: World, source: str) -> None:
    image, env = world.image(), {"WAYBILL_FLUX_SOURCE": source}
    for step in (("bump", "--image", image), ("package",)):
        assert world.waybill(*step).code == 0
    git(world.checkout, "checkout", "--quiet", "--", ".")
    killed_after_the_tag(world)
    attack(world)
    for command in ("ship", "plan"):
        said = refused(world, command, "--image", image, env=env)
        assert "published with other content" in said
        assert "Find out who pushed it" in said


def test_a_tag_of_the_registry_that_was_moved_is_refused_when_ship_is_repeated(world: World) -> None:
    image = world.image()
    world.ship(image)
    attack(world)
    for command in ("ship", "plan"):
        assert "published with other content" in refused(world, command, "--image", image)


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("subject", "published with other content: no chart, or more than one chart"),
        ("config", "published with other content: no chart, or more than one chart"),
        ("Subject", "can be read in two ways"),
    ],
)
def test_a_second_chart_that_helm_would_find_in_the_manifest_is_refused(world: World, place: str, what: str) -> None:
    """Helm takes the last chart that it comes to of all that a manifest names, and it loads them side by side."""
    image = world.image()
    world.ship(image)
    attack_beside(world, place)
    for command in (("ship", "--image", image), ("plan", "--image", image), PROMOTE, ("propose",)):
        assert what in refused(world, *command)


def test_what_changed_after_publish_is_refused_by_propose_alone(world: World) -> None:
    assert world.waybill("bump", "--image", world.image()).code == 0
    git(world.checkout, "checkout", "--quiet", "--", ".")
    assert world.waybill("package").code == 0
    assert "There is no release orders-0.1.0" in refused(world, "propose")
    assert world.waybill("publish").code == 0
    file = world.checkout / ".waybill/orders.json"
    kept = file.read_text()
    file.write_text(kept.replace("/images-", "/others-"))
    assert "The waybill's file has the image" in refused(world, "propose")
    file.write_text(kept)
    attack(world)
    assert "published with other content" in refused(world, "propose")


def test_a_moved_tag_is_refused_by_promote_without_a_ledger(world: World) -> None:
    world.ship(world.image())
    attack(world)
    assert "published with other content" in refused(world, *PROMOTE)


def test_a_moved_tag_is_refused_by_promote_with_a_ledger_and_with_one_that_is_down(
    world: World, ledger: RunningLedger, tmp_path: Path
) -> None:
    world.ship(world.image(), env=ledger.env)
    attack(world)
    with serving(tmp_path / "down", "orders", []) as down:
        pass
    for env in (ledger.env, down.env):
        assert "published with other content" in refused(world, *PROMOTE, env=env)
    assert ledger.tells("/releases/orders/0.1.0")["proposals"]["items"][1:] == []


def test_the_filed_manifest_and_the_published_one_must_be_one(world: World, ledger: RunningLedger) -> None:
    """The same chart under another manifest: Flux, which pins the filed one, would not find it."""
    world.ship(world.image(), env=ledger.env)
    ours = (world.checkout / ".waybill/orders-0.1.0.tgz").read_bytes()
    push_layers(f"{world.registry}/charts-{world.folder.name}/orders:0.1.0", [(CHART_LAYER, ours)])
    said = refused(world, *PROMOTE, env=ledger.env)
    assert "names the manifest sha256:" in said
    assert "Point it back to the manifest that was filed" in said


def test_a_git_tag_that_was_moved_after_the_release_is_refused(world: World, ledger: RunningLedger) -> None:
    """To the commit of another image of the same version."""
    world.ship(world.image(), env=ledger.env)
    first = world.tags()["orders-0.1.0"]
    text = git(world.origin, "show", f"{first}:chart/Chart.yaml")
    (world.checkout / "chart/Chart.yaml").write_text(text.replace("@sha256:", "/other@sha256:"))
    git(world.checkout, "commit", "--quiet", "-am", "Another")
    git(world.checkout, "push", "--quiet", "--force", "origin", "HEAD:refs/tags/orders-0.1.0")
    said = refused(world, *PROMOTE, env=ledger.env)
    assert "The ledger has the image" in said
    assert "and the tag has" in said
