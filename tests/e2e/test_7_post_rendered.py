"""An image whose digest Flux sets after Helm: pods and hooks run it, though the chart's values name another one."""

import pytest
import yaml

from tests.support.e2e import images
from tests.support.e2e.fleet import CHECKOUT, Fleet
from tests.support.e2e.pods import pods, settled
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tools.cluster.kubernetes import ready
from tools.demo.world import run

RENDERED = yaml.safe_load((CHECKOUT / "chart/values.yaml").read_text())["image"]["repository"]
VALUES = """\
  timeout: 2m
  values:
    replicas: 1
    database:
      engine: postgresql
      postgresql:
        secretName: waybill-database
    flux:
      keysSecretName: waybill-keys
"""
BRANCH = "apps/waybill"


@pytest.fixture(scope="module")
def fleet(scene: Scene) -> Fleet:
    return scene.fleet("rendered", ["rendered"])


@pytest.fixture(scope="module")
def releaser(scene: Scene, fleet: Fleet) -> Releaser:
    """Its chart names an image that is none, and that nothing could start."""
    it = scene.releaser(fleet, ["rendered"], WAYBILL_IMAGE_KEYS=f"post_render={RENDERED}")
    values = it.clone / "chart/values.yaml"
    values.write_text(values.read_text().replace("0" * 64, "1" * 64))
    for words in (["commit", "--quiet", "--all", "--message", "Another image"], ["push", "--quiet"]):
        run(["git", *words], it.env, it.clone)
    return it


def test_the_pods_and_the_hooks_run_the_digest(scene: Scene, fleet: Fleet, releaser: Releaser) -> None:
    """The chart's own digest is no image's: a hook or a pod that had it could not start."""
    version = releaser.ship(scene.image)
    (proposal,) = fleet.proposals()
    fleet.edit("apps/waybill/rendered/release.yaml", lambda text: text + VALUES, "One replica on PostgreSQL", BRANCH)
    fleet.merge(proposal["number"])
    release = scene.installed("rendered", version)
    assert ready(release, "TestSuccess"), release["status"]["conditions"]
    assert running(scene) == {scene.image}


def test_the_next_digest_replaces_it_and_the_proposal_shows_that(
    scene: Scene, fleet: Fleet, releaser: Releaser
) -> None:
    image = images.labelled(scene.image, "rendered")
    version = releaser.ship(image)
    (proposal,) = fleet.proposals()
    assert f"-        image: {scene.image}" in proposal["body"], proposal["body"]
    assert f"+        image: {image}" in proposal["body"], proposal["body"]
    fleet.merge(proposal["number"])
    scene.installed("rendered", version)
    assert running(scene) == {image}


def running(scene: Scene) -> set[str]:
    """The images that the ledger's pods were given, as soon as a rollout is over."""
    settled(scene.cluster, "rendered")
    found = pods(scene.cluster, "rendered")
    return {container["image"] for pod in found for container in pod["spec"]["containers"]}
