"""A release through an OCIRepository: Flux fetches the chart by its digest, and its events name that digest."""

import json
from collections.abc import Callable

import pytest

from tests.support.e2e import images
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.rollout import roll_out
from tests.support.e2e.scene import Scene
from tools.cluster.kubernetes import ready

VALUES = """\
spec:
  timeout: 2m
  values:
    replicas: 2
    database:
      engine: postgresql
      postgresql:
        secretName: waybill-database
    flux:
      keysSecretName: waybill-keys
"""


@pytest.fixture(scope="module")
def fleet(scene: Scene) -> Fleet:
    return scene.fleet("pinned", ["pinned"])


@pytest.fixture(scope="module")
def releaser(scene: Scene, fleet: Fleet) -> Releaser:
    return scene.releaser(fleet, ["pinned"], WAYBILL_FLUX_SOURCE="oci-repository")


def test_it_runs_and_the_ledger_shows_it(scene: Scene, fleet: Fleet, releaser: Releaser) -> None:
    ran = releaser.waybill("ship", "--image", scene.image, "--json")
    assert ran.code == 0, ran.stderr
    version, digest = ran.json["chart"]["version"], ran.json["chart"]["digest"]
    branch = "apps/waybill"
    fleet.edit("apps/waybill/pinned/release.yaml", lambda text: text + VALUES, "Two replicas on PostgreSQL", branch)
    fleet.merge(fleet.proposals()[0]["number"])
    release = scene.installed("pinned", version)
    assert ready(release, "TestSuccess"), release["status"]["conditions"]
    assert release["status"]["history"][0]["ociDigest"] == digest
    assert json.loads(scene.events("pinned", "InstallSucceeded")[0])["metadata"]["oci-digest"] == digest

    ledger = scene.ledger("pinned")
    releaser.settings |= {"WAYBILL_LEDGER": ledger.loopback, "WAYBILL_LEDGER_TOKEN": ledger.token("waybill")}
    assert releaser.waybill("record").code == 0
    said = ledger.wait_until("pinned", "it runs", lambda it: it["health"] == "healthy" and it["release"]["known"])
    release = said["release"]
    assert (release["version"], release["image"], release["mismatched"]) == (version, scene.image, False)


def test_a_rollout_of_a_pinned_chart_loses_no_request(
    scene: Scene, fleet: Fleet, releaser: Releaser, record_property: Callable[[str, str], None]
) -> None:
    _, figure = roll_out(scene, fleet, releaser, "pinned", images.labelled(scene.image, "second"))
    record_property("figure", figure)
