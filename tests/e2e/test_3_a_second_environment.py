"""A release is promoted to a second environment, whose own ledger is SQLite, and rolled back there."""

import os
from collections.abc import Callable

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.load import Load
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for

PRODUCTION = """\
  values:
    flux:
      keysSecretName: waybill-keys
"""


def test_a_second_environment(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    volume(scene)
    ran = releaser.waybill("promote", "--to", "production")
    assert ran.code == 0, ran.stderr
    path, branch = "apps/waybill/production/release.yaml", "promote/waybill/production"
    fleet.edit(path, lambda text: text + PRODUCTION, "The webhook's keys", branch)
    fleet.merge(fleet.proposals()[0]["number"])
    scene.installed("production", shipped["second"])
    ledger = scene.ledger("staging")
    ledger.wait_until("production", "it runs there too", lambda it: it["release"]["version"] == shipped["second"])
    board = ledger.page("/").text
    assert "staging" in board
    assert "production" in board


def test_a_roll_back_while_the_ledger_is_away(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], record_property: Callable[[str, str], None]
) -> None:
    """Production's own ledger is replaced by this, so it is asked all the time: SQLite has a gap, and loses nothing.

    The ledger that Flux reports this to cannot be reached until Flux has tried, and Flux tries again.
    """
    ledger, sqlite = scene.ledger("staging"), scene.ledger("production")
    reason = ["--roll-back", "The second one is slow"]
    ran = releaser.waybill("promote", "--to", "production", "--version", shipped["first"], *reason)
    assert ran.code == 0, ran.stderr
    with Load(sqlite.host, 80, sqlite.token("load"), "/releases?limit=10") as load:
        lead(scene, "nobody")
        fleet.merge(fleet.proposals()[0]["number"])
        scene.installed("production", shipped["first"])
        (said,) = scene.events("production", "UpgradeSucceeded")
        lead(scene, "ledger")
    record_property("figure", f"SQLite was away for {load.gap:.1f} s: {dict(load.ways)} of {load.done} requests")
    assert sqlite.filed("load") >= set(load.written)
    assert set(load.ways) <= {"503", "ECONNREFUSED"}, load.ways

    ledger.wait_until("production", "the first runs", lambda it: it["release"]["version"] == shipped["first"])
    told = ledger.history("production")
    assert [it["release"]["version"] for it in told] == [shipped["first"], shipped["second"]]
    assert ledger.hear("production", scene.keys["production"], said) == 200  # it has it
    assert ledger.history("production") == told


def lead(scene: Scene, component: str) -> None:
    """Let the Service of staging's ledger lead to the pods of `component`.

    Flux tries for half a minute: pods that have to start first may come too late on a busy machine.
    """
    namespace = "namespaces/staging"
    selector = {"app.kubernetes.io/component": component}
    scene.cluster.patch(f"/api/v1/{namespace}/services/waybill", {"spec": {"selector": selector}})
    slices = f"/apis/discovery.k8s.io/v1/{namespace}/endpointslices?labelSelector=kubernetes.io/service-name%3Dwaybill"

    def leads() -> bool:
        found = [end for it in scene.cluster.items(slices) for end in it["endpoints"] or []]
        return bool(found) is (component == "ledger")

    wait_for(f"the Service to lead to {component}", leads)


def volume(scene: Scene) -> None:
    """The volume that production's claim binds; its owner is the chart's user."""
    folder = scene.folder / "volume"
    folder.mkdir()
    os.chown(folder, 65532, 65532)
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": str(folder)},
    }
    meta = {"name": "production"}
    scene.cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})
