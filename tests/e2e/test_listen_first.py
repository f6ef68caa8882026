"""The page "Listen first", word by word, on a cluster of `flux bootstrap` whose HelmReleases Waybill never saw:
what runs is on the board within minutes, and nothing about releases changes."""

import time
from typing import Any

import pytest

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.scene import Scene
from tests.support.e2e.stranger import NAMESPACE, Stranger
from tests.support.e2e.volume import volume
from tools.cluster.waiting import wait_for
from tools.demo import world as demo

PAGE = "docs/how-to/listen-first.md"
MINUTES = 5


@pytest.fixture(scope="module")
def stranger(scene: Scene) -> Stranger:
    env = demo.environment(scene.folder)
    fleet = Fleet("flux-system", scene.world.forge, scene.cluster, scene.folder / "bootstrapped", env)
    fleet.create()
    it = Stranger(scene, fleet)
    it.begin()
    it.wait_until_it_runs("1.0.0")
    return it


def test_what_runs_is_known_within_minutes_and_nothing_about_releases_changes(scene: Scene, stranger: Stranger) -> None:
    before, digest = stranger.helm_release(), stranger.image.partition("@")[2]
    chart = stranger.publish_ledger()
    volume(scene, "waybill")
    started = time.monotonic()
    connected, _ = stranger.follow(
        PAGE,
        {
            "WAYBILL_FORGE_TOKEN=...": f"WAYBILL_FORGE_TOKEN={scene.world.forge.token}",
            "https://github.com/acme/fleet": stranger.fleet.url,
            "oci://ghcr.io/waybill-ledger/charts/waybill": f"{chart} --plain-http",
            "observer.namespaces={apps}": f"observer.namespaces={{{NAMESPACE}}}",
        },
    )
    assert f"observer.environment=staging,observer.namespaces={{{NAMESPACE}}}" in connected
    (proposal,) = stranger.fleet.proposals()
    assert proposal["title"] == "Connect staging to the ledger"
    stranger.fleet.merge(proposal["number"])

    ledger = scene.ledger("waybill")
    wait_for("the ledger's Service", lambda: scene.cluster.get("/api/v1/namespaces/waybill/services/waybill"))
    said = wait_for("the ledger to know what runs, with its images", lambda: cart(ledger.get("/environments/staging")))
    assert (said["service"], said["release"]["version"], said["release"]["known"]) == ("story", "1.0.0", False)
    assert [it["running"].rpartition("@")[2] for it in said["images"]] == [digest]
    found = ledger.get(f"/digests/{digest}")["items"]
    assert [(it["environment"], it["place"]) for it in found] == [("staging", f"{NAMESPACE}/cart")]
    assert "1.0.0" in ledger.page("/").text
    assert time.monotonic() - started < MINUTES * 60

    after = stranger.helm_release()
    assert after["spec"] == before["spec"]
    assert after["metadata"] == before["metadata"] | {
        key: after["metadata"][key] for key in ("resourceVersion", "managedFields") if key in after["metadata"]
    }
    assert after["status"]["history"] == before["status"]["history"]


def test_from_then_on_flux_tells_what_happens(scene: Scene, stranger: Stranger) -> None:
    path = "/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/flux-system/alerts/waybill-staging-releases"
    wait_for("the Alert", lambda: scene.cluster.get(path))
    stranger.fleet.at("main")
    stranger.release("1.1.0")
    stranger.wait_until_it_runs("1.1.0")
    ledger = scene.ledger("waybill")

    def told() -> bool:
        said = cart(ledger.get("/environments/staging"))
        return bool(said) and (said["release"]["version"], said["basis"]) == ("1.1.0", "event")

    wait_for("the event to arrive", told)


def cart(answer: dict[str, Any] | None) -> dict[str, Any]:
    """The state of the service, as soon as it is healthy with its images; empty until then."""
    services = answer["services"] if answer else []
    found = [it for it in services if it["place"] == f"{NAMESPACE}/cart"]
    return found[0] if found and found[0]["health"] == "healthy" and found[0]["images"] else {}
