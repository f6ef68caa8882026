"""After its release was uninstalled, an environment is as it was before."""

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for


def test_only_the_record_and_the_volume_remain(scene: Scene, fleet: Fleet) -> None:
    (fleet.at("main") / "clusters" / "production" / "waybill.yaml").unlink()
    fleet.push("No more in production")

    def left() -> set[str]:
        return scene.objects("production") - scene.empty["production"]

    wait_for("all of it to go but its claim", lambda: left() == {"persistentvolumeclaim/waybill"}, 300, every=1)
    ledger = scene.ledger("staging")
    wait_for("the ledger to say that it is gone", lambda: not ledger.running("production"))
    assert ledger.arrivals("production")[0]["ended_by"] == "UninstallSucceeded"
