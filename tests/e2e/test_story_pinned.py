"""The same with OCIRepository: the chart is fetched by its manifest's digest, which the events of Flux then name."""

from collections.abc import Callable

import pytest

from tests.e2e import images
from tests.e2e.fleet import Fleet
from tests.e2e.releaser import Releaser
from tests.e2e.scene import Scene
from tests.e2e.steady import Steady
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for

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


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    return {}


def test_it_runs_and_the_ledger_tells_of_itself(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    shipped["first"] = releaser.ship(scene.image)
    path = "apps/waybill/pinned/release.yaml"
    fleet.edit(path, lambda text: text + VALUES, "Two replicas on PostgreSQL", "apps/waybill")
    source = ("clusters/pinned/waybill.yaml", "name: gitops", "name: pinned")  # `gitops` is the other story's here
    fleet.edit(
        source[0], lambda text: text.replace(*source[1:]), "This cluster knows the repo as pinned", "apps/waybill"
    )
    fleet.merge(fleet.proposals()[0]["number"])
    release = scene.installed("pinned", shipped["first"], 240)
    assert ready(release, "TestSuccess"), release["status"]["conditions"]

    ledger = scene.ledger("pinned")
    releaser.settings |= {"WAYBILL_LEDGER": ledger.url, "WAYBILL_LEDGER_TOKEN": ledger.token("waybill")}
    assert releaser.waybill("record").code == 0
    said = ledger.wait_until("pinned", "it runs", lambda it: it["health"] == "healthy" and it["release"]["known"])
    release = said["release"]
    assert (release["version"], release["image"], release["mismatched"]) == (shipped["first"], scene.image, False)


def test_a_rollout_loses_no_request_here_either(
    scene: Scene,
    fleet: Fleet,
    releaser: Releaser,
    shipped: dict[str, str],
    record_property: Callable[[str, str], None],
) -> None:
    ledger = scene.ledger("pinned")
    second = images.labelled(scene.image, "second")
    with Steady(ledger.host, 80, ledger.token("steady"), "/environments/pinned") as steady:
        shipped["second"] = releaser.ship(second)
        fleet.merge(fleet.proposals()[0]["number"])
        scene.installed("pinned", shipped["second"])
        wait_for("10,000 requests", lambda: steady.done >= 10_000, 240)
    record_property("figure", f"{steady.done} requests, {len(steady.lost)} lost")
    assert steady.lost == []
    ledger.wait_until("pinned", "the second runs", lambda it: it["release"]["version"] == shipped["second"])
    newest, older = ledger.history("pinned")[:2]
    assert (newest["until"], older["until"]) == (None, newest["from"])
    assert [newest["release"]["mismatched"], older["release"]["mismatched"]] == [False, False]
