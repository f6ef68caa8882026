"""A release is promoted to a second environment, whose ledger uses SQLite, and rolled back there."""

from collections.abc import Callable

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.load import UNREACHABLE, Load
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tests.support.e2e.volume import volume
from tools.cluster.waiting import wait_for

PRODUCTION = """\
  values:
    flux:
      keysSecretName: waybill-keys
"""


def test_a_promoted_release_runs_in_the_second_environment(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    volume(scene, "production")
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


def test_a_roll_back_is_recorded_after_an_outage_of_the_ledger(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], record_property: Callable[[str, str], None]
) -> None:
    """Flux reports it to staging's ledger, which cannot be reached at the first attempt; Flux tries again.

    What is rolled back is production's own ledger. With SQLite it has one pod, so there is an outage, but nothing that
    it confirmed is lost.
    """
    ledger, sqlite = scene.ledger("staging"), scene.ledger("production")
    reason = ["--reason", "The second one is slow"]
    ran = releaser.waybill("rollback", "waybill", shipped["first"], "--environment", "production", *reason)
    assert ran.code == 0, ran.stderr
    with Load(sqlite.host, 80, sqlite.token("load"), "/releases?limit=10") as load:
        select(scene, "nobody")
        fleet.merge(fleet.proposals()[0]["number"])
        scene.installed("production", shipped["first"])
        (said,) = scene.events("production", "UpgradeSucceeded")
        select(scene, "ledger")
    record_property("figure", f"SQLite was away for {load.gap:.1f} s: {dict(load.ways)} of {load.done} requests")
    assert sqlite.filed("load") >= set(load.written)
    assert set(load.ways) <= {"503", *UNREACHABLE}, load.ways

    ledger.wait_until("production", "the first runs", lambda it: it["release"]["version"] == shipped["first"])
    told = ledger.arrivals("production")
    assert [it["release"]["version"] for it in told] == [shipped["first"], shipped["second"]]
    assert ledger.hear("production", scene.keys["production"], said) == 200  # it has this event already
    assert ledger.arrivals("production") == told


def select(scene: Scene, component: str) -> None:
    """Make the Service of staging's ledger select the pods of `component`.

    The pods are not stopped: Flux gives up after half a minute, and on a busy machine new pods may need longer.
    """
    namespace = "namespaces/staging"
    selector = {"app.kubernetes.io/component": component}
    scene.cluster.patch(f"/api/v1/{namespace}/services/waybill", {"spec": {"selector": selector}})
    slices = f"/apis/discovery.k8s.io/v1/{namespace}/endpointslices?labelSelector=kubernetes.io/service-name%3Dwaybill"

    def selected() -> bool:
        found = [end for it in scene.cluster.items(slices) for end in it["endpoints"] or []]
        return bool(found) is (component == "ledger")

    wait_for(f"the Service to select {component}", selected)
