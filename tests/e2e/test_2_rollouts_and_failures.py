"""A second release takes over without a lost request. A release that cannot run or does not exist changes nothing."""

from collections.abc import Callable

from tests.support.e2e import images
from tests.support.e2e.fleet import Fleet
from tests.support.e2e.pods import settled
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.rollout import roll_out
from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for, wait_until_steady

PATH = "apps/waybill/staging/release.yaml"
PATIENT, IMPATIENT = "  upgrade:\n", "  upgrade:\n    timeout: 20s\n"  # how long Helm waits for pods that cannot run


def test_a_rollout_loses_no_request(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], record_property: Callable[[str, str], None]
) -> None:
    second = images.labelled(scene.image, "second")
    shipped["second"], figure = roll_out(scene, fleet, releaser, "staging", second)
    record_property("figure", figure)
    waited = releaser.waybill("wait", "waybill", shipped["second"], "--environment", "staging", "--timeout", "4m")
    assert (waited.code, waited.stdout.partition(" after")[0]) == (0, "healthy in staging"), waited


def test_what_never_becomes_ready_is_rolled_back(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    before = settled(scene.cluster, "staging")
    shipped["third"] = releaser.ship(images.broken(scene.image))
    fleet.edit(PATH, lambda text: text.replace(PATIENT, IMPATIENT), "Do not wait long", "apps/waybill")
    fleet.merge(fleet.proposals()[0]["number"])
    waited = releaser.waybill("wait", "waybill", shipped["third"], "--environment", "staging", "--timeout", "5m")
    assert waited.code == 1, waited
    assert waited.stdout.startswith("failed in staging: "), waited

    ledger = scene.ledger("staging")
    said = ledger.wait_until(
        "staging", "the third failed", lambda it: (it["attempt"] or {}).get("outcome") == "rolled back"
    )
    assert said["release"]["version"] == shipped["second"]
    assert said["attempt"]["version"] == shipped["third"]
    assert shipped["third"] not in [(it["release"] or {}).get("version") for it in ledger.arrivals("staging")]
    assert [len(scene.events("staging", it)) for it in ("UpgradeFailed", "RollbackSucceeded")] == [1, 1]
    assert settled(scene.cluster, "staging") == before


def test_a_chart_that_does_not_exist_blocks_and_changes_nothing(
    scene: Scene, fleet: Fleet, shipped: dict[str, str]
) -> None:
    ledger = scene.ledger("staging")
    pods = settled(scene.cluster, "staging")
    before = wait_until_steady("what the ledger says", lambda: ledger.running("staging"))
    third = shipped["third"]
    fleet.edit(PATH, lambda text: text.replace(f'version: "{third}"', 'version: "9.9.9"'), "A version that is not")
    charts = "/apis/source.toolkit.fluxcd.io/v1/namespaces/staging/helmcharts/staging-waybill"

    def reason() -> bool:
        conditions = (scene.cluster.get(charts) or {}).get("status", {}).get("conditions", [])
        return any(it["type"] == "Ready" and it["reason"] == "ChartPullError" for it in conditions)

    wait_for("the HelmChart to fail", reason)
    said = ledger.wait_until("staging", "what blocks", lambda it: it["blocked"])
    assert said["blocked"]["reason"] == "ChartPullError"
    assert said | {"blocked": None, "images_seen_at": before["images_seen_at"]} == before
    assert settled(scene.cluster, "staging") == pods

    second = shipped["second"]

    def back(text: str) -> str:
        return text.replace('version: "9.9.9"', f'version: "{second}"').replace(IMPATIENT, PATIENT)

    fleet.edit(PATH, back, "Back to what ran")
    scene.installed("staging", second)
