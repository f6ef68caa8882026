"""Stories of HelmReleases side by side, of which Flux tells nothing, or half, or something else than what is so."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tests.support.e2e.stories import NAMESPACE, Stories
from tests.support.service.served import document
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import run

ALERT = f"/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/{NAMESPACE}/alerts/waybill-releases"
OBSERVER = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/stories-observer"
OBSERVING = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io/component%3Dobserver"
# Too little time for a new pod that has to be well for so many seconds: the first attempt fails, a later one does not.
SLOW = {"values": {"minReadySeconds": 6, "note": "new"}, "timeout": "3s"}


@pytest.fixture(scope="module")
def stories(scene: Scene, releaser: Releaser, shipped: dict[str, str]) -> Stories:
    """Its ledger is staging's; its observer watches."""
    ledger = scene.ledger("staging")
    it = Stories(scene, scene.fleet(NAMESPACE, [NAMESPACE], ledger="staging"), ledger)
    values = {
        "fullnameOverride": "stories",
        "ledger.enabled": False,
        "observer.enabled": True,
        "observer.environment": NAMESPACE,
        "observer.ledgerUrl": ledger.url,
        "observer.keySecretName": "waybill-webhook",
    }
    chart = ["waybill", f"{releaser.settings['WAYBILL_REGISTRY']}/waybill", f"--version={[*shipped.values()][-1]}"]
    flags = [
        "--plain-http",
        f"--namespace={NAMESPACE}",
        *(f"--set-json={key}={json.dumps(it)}" for key, it in values.items()),
    ]
    run(["helm", "install", *chart, *flags], releaser.env | {"KUBECONFIG": str(scene.cluster.kubeconfig)})
    return it


@pytest.fixture(scope="module")
def images(scene: Scene) -> tuple[str, str]:
    """The image that is released, and one that an environment sets instead."""
    released = f"{scene.world.registry}/pause"
    digest = crane("digest", "--insecure", f"{released}:1")
    change = ["--label", "story=hotfix", "--tag", f"{released}:hotfix"]
    return f"{released}@{digest}", crane("mutate", "--insecure", f"{released}:1", *change)


def test_a_release_runs_in_several_places_and_one_of_them_has_another_image(
    stories: Stories, images: tuple[str, str]
) -> None:
    released, hotfix = images
    repository, _, digest = released.partition("@")
    charts = {version: stories.publish(version) for version in ("1.0.0", "1.1.0")}
    token = stories.ledger.token("story")
    for version, chart in charts.items():
        image = {"repository": repository, "digest": digest, "manifests": {"linux/amd64": digest}}
        made = {"digest": chart, "repository": stories.repository}
        stories.ledger.file(document("story", version, image=image, chart=made), token)
    once = {"install": {"remediation": {"remediateLastFailure": True}}}
    removed = {"remediateLastFailure": True, "strategy": "uninstall", "retries": 0}
    well: dict[str, dict[str, Any]] = {
        "reverted": {},
        "tested": {"test": {"enable": True, "ignoreFailures": True}, "values": {"passes": False}},
        "warned": {"driftDetection": {"mode": "warn"}},
        "corrected": {"driftDetection": {"mode": "enabled"}},
        "lost": once | {"upgrade": {"remediation": removed}},
        "retried": {"upgrade": {"strategy": {"name": "RetryOnFailure", "retryInterval": "3s"}}},
        "reconfigured": {},
        "missed": {},
        "overridden": {},
    }
    for name, spec in well.items():
        image = hotfix if name == "overridden" else released
        spec["values"] = {"image": image} | spec.get("values", {})
    stories.write("The first of each", **well)
    for name in well:
        said = stories.wait_until(
            name, "is healthy with its images", lambda it: it["health"] == "healthy" and bool(it["images"])
        )
        assert (said["release"]["version"], said["release"]["known"], said["attempt"]) == ("1.0.0", True, None)
        assert said["release"]["mismatched"] == (name == "overridden"), said
    [differs] = stories.state("overridden")["mismatches"]
    expected = ("image", "seen", digest, hotfix.partition("@")[2], "Deployment/overridden", "web")
    assert tuple(differs[it] for it in ("what", "basis", "released", "found", "workload", "container")) == expected
    found = stories.ledger.get(f"/digests/{hotfix.partition('@')[2]}")
    assert [it["place"] for it in found["items"]] == [f"{NAMESPACE}/overridden"]


def test_a_failed_test_that_is_ignored_leaves_it_healthy(stories: Stories) -> None:
    """Flux reports the failure, and then nothing."""
    wait_for("the failed test", lambda: "TestFailed" in stories.told("tested"))
    said = stories.wait_until("tested", "is healthy", lambda it: it["health"] == "healthy")
    assert (said["release"]["version"], said["health_cause"]) == ("1.0.0", "InstallSucceeded")


def test_what_goes_wrong_is_told(stories: Stories, scene: Scene) -> None:
    """Drift that Flux corrects within a second is over in the end, whatever is told first."""
    scene.cluster.patch(ALERT, {"spec": {"exclusionList": ["^Helm uninstall .*/lost"]}})
    nowhere = {"image": f"{scene.world.registry}/pause@sha256:{'0' * 64}"}
    stories.write("What goes wrong", reverted={"values": {"broken": True}}, lost={"values": nowhere, "timeout": "3s"})
    stories.write("A new version", version="1.1.0", retried=SLOW)
    stories.write("Another note", reconfigured={"values": {"note": "another"}})
    for name in ("warned", "corrected"):
        stories.drift(name, 5)

    said = stories.wait_until("reverted", "fails", lambda it: it["health"] == "failing")
    assert (said["health_cause"], said["release"]["version"]) == ("UpgradeFailed", "1.0.0")
    said = stories.wait_until("warned", "has drifted", lambda it: it["health"] == "failing")
    assert (said["health_cause"], said["drift_seen_at"] is not None) == ("DriftDetected", True)
    said = stories.wait_until("reconfigured", "was applied again", lambda it: it["reconfigured_at"])
    assert (said["health"], said["release"]["version"]) == ("healthy", "1.0.0")
    assert ("reconfigured", "1.0.0") in stories.history("reconfigured")
    wait_for("the correction", lambda: "DriftCorrected" in stories.told("corrected"))
    assert "DriftDetected" in stories.told("corrected")
    stories.wait_until("corrected", "is well", lambda it: (it["health"], it["drift_seen_at"]) == ("healthy", None))


def test_an_upgrade_that_fails_is_retried_and_runs(stories: Stories) -> None:
    said = stories.wait_until("retried", "runs", lambda it: it["release"]["version"] == "1.1.0")
    said = stories.wait_until("retried", "is healthy", lambda it: it["health"] == "healthy")
    assert (said["attempt"], said["running_certain"]) == (None, True)
    told = stories.told("retried")
    assert "UpgradeFailed" in told
    assert told[-1] == "UpgradeSucceeded"
    occurred = stories.history("retried")
    assert ("failed", "1.1.0") in occurred
    assert occurred.count(("arrived", "1.1.0")) == 1


def test_what_flux_uninstalled_does_not_run_though_its_event_was_lost(stories: Stories) -> None:
    said = stories.wait_until("lost", "runs no more", lambda it: it["release"] is None)
    assert (said["health"], said["attempt"]["outcome"]) == ("failing", "failed")
    assert "UninstallSucceeded" in stories.told("lost")  # which was kept from the ledger
    ended = next(
        it for it in stories.ledger.get(f"/environments/{NAMESPACE}/arrivals")["items"] if it["place"].endswith("/lost")
    )
    assert (ended["basis"], ended["ended_by"]) == ("snapshot", "seen")


def test_what_is_mended_heals_without_an_event(stories: Stories) -> None:
    stories.write("Back", reverted={"values": {"broken": None}})
    stories.drift("warned", 3)
    said = stories.wait_until("reverted", "is healthy", lambda it: it["health"] == "healthy")
    assert (said["release"]["version"], said["attempt"]) == ("1.0.0", None)
    stories.wait_until("warned", "is healthy", lambda it: (it["health"], it["drift_seen_at"]) == ("healthy", None))
    assert {*stories.told("reverted")} == {"InstallSucceeded", "UpgradeFailed"}
    assert {*stories.told("warned")} == {"InstallSucceeded", "DriftDetected"}


def test_what_is_well_stays_so_when_flux_looks_again(stories: Stories) -> None:
    """At every interval a reconcile begins, which is marked as under way until nothing was found to do."""
    before, occurred = stories.state("corrected"), stories.history("corrected")
    for _ in range(3):
        stories.look("corrected")
        wait_for("the look", lambda: stories.has_looked("corrected") and stories.is_ready("corrected"))
        assert stories.state("corrected") | {"images_seen_at": before["images_seen_at"]} == before
    assert stories.history("corrected") == occurred


@pytest.fixture
def alone(stories: Stories, scene: Scene) -> Iterator[None]:
    """Flux's events are dropped, and there is no observer."""
    scene.cluster.patch(ALERT, {"spec": {"suspend": True}})
    scene.cluster.patch(OBSERVER, {"spec": {"replicas": 0}})
    wait_for("the observer to end", lambda: not scene.cluster.items(OBSERVING))
    yield
    scene.cluster.patch(OBSERVER, {"spec": {"replicas": 1}})


def test_what_happened_while_nobody_looked_is_found(stories: Stories, scene: Scene, alone: None) -> None:
    stories.write("The next version", version="1.1.0", missed={})
    wait_for("it to be applied", lambda: stories.is_ready("missed") and latest(stories, "missed") == "1.1.0")
    assert stories.state("missed")["release"]["version"] == "1.0.0"
    scene.cluster.patch(OBSERVER, {"spec": {"replicas": 1}})
    said = stories.wait_until("missed", "runs the next version", lambda it: it["release"]["version"] == "1.1.0")
    assert (said["basis"], said["health"]) == ("snapshot", "healthy")
    assert stories.ledger.get(f"/environments/{NAMESPACE}")["silent_since"] is None
    wait_for("the observer to be ready", lambda: ready(scene.cluster.get(OBSERVER), "Available"))


def latest(stories: Stories, name: str) -> str:
    version: str = stories.release(name)["status"]["history"][0]["chartVersion"]
    return version
