"""One release after the other, from an image to a pod and back into the ledger: each test goes on where the last ended.

`make e2e` runs it, in a cluster of its own.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e import images
from tests.e2e.fleet import Fleet
from tests.e2e.releaser import Releaser
from tests.e2e.scene import Scene
from tests.e2e.steady import Steady
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.processes import running, wait_for_line

STAGING = """\
  timeout: 60s
  install:
    timeout: 3m
  upgrade:
    remediation:
      retries: 0
  values:
    replicas: 2
    database:
      engine: postgresql
      postgresql:
        secretName: waybill-database
    flux:
      keysSecretName: waybill-keys
    observer:
      enabled: true
      environment: staging
      schedule: "0 0 1 1 *" # the story runs it when it wants to
      keySecretName: waybill-webhook
"""
PRODUCTION = """\
  values:
    flux:
      keysSecretName: waybill-keys
"""
PATH = "apps/waybill/{}/release.yaml"


ENVIRONMENTS = ["staging", "production"]


@pytest.fixture(scope="module")
def fleet(scene: Scene) -> Fleet:
    return scene.fleet("gitops", ENVIRONMENTS)


@pytest.fixture(scope="module")
def releaser(scene: Scene, fleet: Fleet) -> Releaser:
    return scene.releaser(fleet, ENVIRONMENTS)


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    """first, second, ...: the versions, as the story goes."""
    return {}


def test_our_image_is_known_by_its_digest_alone(scene: Scene) -> None:
    digest = scene.image.partition("@")[2]
    assert crane("digest", "--insecure", scene.image) == digest
    assert "waybill-service" in crane("config", "--insecure", scene.image)


def test_a_release_is_proposed_once(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    ran = releaser.waybill("ship", "--image", scene.image, "--json")
    assert ran.code == 0, ran.stderr
    (first,) = fleet.proposals()
    for part in ("Deployment/waybill", scene.image.partition("@")[2][7:19], ran.json["chart"]["version"]):
        assert part in first["body"], first["body"]

    assert releaser.waybill("ship", "--image", scene.image).code == 0
    assert [it["number"] for it in fleet.proposals()] == [first["number"]]

    fleet.close(first["number"])
    before = fleet.head("apps/waybill")
    again = releaser.waybill("ship", "--image", scene.image)
    assert again.code == 0
    assert "closed" in again.stderr
    assert (fleet.proposals(), fleet.head("apps/waybill")) == ([], before)

    releaser.commit("The next version")
    shipped["first"] = releaser.ship(scene.image)
    assert shipped["first"] != ran.json["chart"]["version"]
    assert [it["number"] for it in fleet.proposals()] != [first["number"]]


def test_merged_it_runs(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    fleet.edit(PATH.format("staging"), lambda text: text + STAGING, "Two replicas on PostgreSQL", "apps/waybill")
    shipped["first"] = releaser.ship(scene.image)  # what the reviewer added stays
    (proposal,) = fleet.proposals()
    fleet.merge(proposal["number"])

    release = scene.installed("staging", shipped["first"], 240)
    assert ready(release, "TestSuccess"), release["status"]["conditions"]
    pods = scene.pods("staging")
    assert len(pods) == 2
    for pod in pods:
        assert ready(pod)
        (container,) = pod["status"]["containerStatuses"]
        assert container["image"].endswith(scene.image) or container["imageID"].endswith(scene.image), container
        assert [it["state"]["terminated"]["reason"] for it in pod["status"]["initContainerStatuses"]] == ["Completed"]
    namespace = scene.cluster.get("/api/v1/namespaces/staging")
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.fixture
def forwarded(scene: Scene, tmp_path: Path) -> Iterator[str]:
    log = tmp_path / "port-forward.log"
    flags = [f"--kubeconfig={scene.cluster.kubeconfig}", "-n", "staging"]
    with running(["kubectl", *flags, "port-forward", "service/waybill", ":80"], log) as process:
        yield f"http://127.0.0.1:{wait_for_line(process, log, r'127.0.0.1:([0-9]+)')}"


def test_a_release_is_filed_through_a_port_forward(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], forwarded: str
) -> None:
    releaser.settings["WAYBILL_LEDGER_TOKEN"] = scene.ledger("staging").token("waybill")
    ran = releaser.waybill("record", WAYBILL_LEDGER=forwarded)
    assert ran.code == 0, ran.stderr
    filed = httpx.get(f"{forwarded}/releases/waybill/{shipped['first']}", trust_env=False).json()
    assert f"{filed['image']['repository']}@{filed['image']['digest']}" == scene.image, filed


def test_the_ledger_tells_of_itself(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    ledger = scene.ledger("staging")
    releaser.settings["WAYBILL_LEDGER"] = ledger.url
    said = ledger.wait_until("staging", "it runs", lambda it: it["health"] == "healthy")
    release = said["release"]
    assert (release["version"], release["image"], release["known"]) == (shipped["first"], scene.image, True)
    assert (said["place"], said["basis"], said["attempt"]) == ("staging/waybill", "observed", None)

    picture = scene.folder / "board.png"
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"]
    env = {**os.environ, "HOME": str(scene.folder)}
    subprocess.run([*chromium, f"--screenshot={picture}", ledger.url], env=env, check=True, capture_output=True)
    page = [*chromium, "--dump-dom", ledger.url]
    shown = subprocess.run(page, env=env, check=True, capture_output=True, text=True).stdout
    assert shipped["first"] in shown
    assert "staging" in shown
    assert picture.stat().st_size > 5000


def test_a_rollout_loses_no_request(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], record_property: Callable[[str, str], None]
) -> None:
    ledger = scene.ledger("staging")
    second = images.labelled(scene.image, "second")
    with Steady(ledger.host, 80, ledger.token("steady"), "/environments/staging") as steady:
        shipped["second"] = releaser.ship(second)
        fleet.merge(fleet.proposals()[0]["number"])
        scene.installed("staging", shipped["second"])
        wait_for("10,000 requests", lambda: steady.done >= 10_000, 240)
    record_property("figure", f"{steady.done} requests, {len(steady.lost)} lost")
    assert steady.lost == []
    assert ledger.filed("steady") >= set(steady.written)

    ledger.wait_until("staging", "the second runs", lambda it: it["release"]["version"] == shipped["second"])
    newest, older = ledger.history("staging")[:2]
    assert (newest["release"]["version"], older["release"]["version"]) == (shipped["second"], shipped["first"])
    assert (newest["until"], older["until"]) == (None, newest["from"])


def test_what_never_becomes_ready_is_rolled_back(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    shipped["third"] = releaser.ship(images.broken(scene.image))
    fleet.merge(fleet.proposals()[0]["number"])

    ledger = scene.ledger("staging")
    said = ledger.wait_until(
        "staging", "the third failed", lambda it: (it["attempt"] or {}).get("outcome") == "rolled back"
    )
    assert said["release"]["version"] == shipped["second"]
    assert said["attempt"]["version"] == shipped["third"]
    assert shipped["third"] not in [(it["release"] or {}).get("version") for it in ledger.history("staging")]
    assert all(ready(pod) for pod in scene.pods("staging") if shipped["second"])


def test_a_chart_that_does_not_exist_changes_nothing(scene: Scene, fleet: Fleet, shipped: dict[str, str]) -> None:
    ledger, path = scene.ledger("staging"), PATH.format("staging")
    before, pods = ledger.running("staging"), {it["metadata"]["name"] for it in scene.pods("staging")}
    third = shipped["third"]
    fleet.edit(path, lambda text: text.replace(f'version: "{third}"', 'version: "9.9.9"'), "A version that is not")
    charts = "/apis/source.toolkit.fluxcd.io/v1/namespaces/staging/helmcharts/staging-waybill"

    def reason() -> bool:
        conditions = (scene.cluster.get(charts) or {}).get("status", {}).get("conditions", [])
        return any(it["type"] == "Ready" and it["reason"] == "ChartPullError" for it in conditions)

    wait_for("the HelmChart to fail", reason)
    assert ledger.running("staging") == before
    assert {it["metadata"]["name"] for it in scene.pods("staging")} == pods

    second = shipped["second"]
    fleet.edit(path, lambda text: text.replace('version: "9.9.9"', f'version: "{second}"'), "Back to what ran")
    scene.installed("staging", second)


def test_a_second_environment(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    volume(scene)
    ran = releaser.waybill("promote", "--to", "production")
    assert ran.code == 0, ran.stderr
    branch = "promote/waybill/production"
    fleet.edit(PATH.format("production"), lambda text: text + PRODUCTION, "The webhook's keys", branch)
    fleet.merge(fleet.proposals()[0]["number"])
    scene.installed("production", shipped["second"], 240)
    ledger = scene.ledger("staging")
    ledger.wait_until("production", "it runs there too", lambda it: it["release"]["version"] == shipped["second"])
    board = httpx.get(ledger.url, trust_env=False).text
    assert "staging" in board
    assert "production" in board


def test_a_roll_back_while_the_ledger_is_away(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], record_property: Callable[[str, str], None]
) -> None:
    ledger, sqlite = scene.ledger("staging"), scene.ledger("production")
    reason = ["--roll-back", "The second one is slow"]
    ran = releaser.waybill("promote", "--to", "production", "--version", shipped["first"], *reason)
    assert ran.code == 0, ran.stderr
    with Steady(sqlite.host, 80, sqlite.token("steady"), "/releases?limit=10") as steady:
        scene.cluster.kubectl("scale", "-n", "staging", "deploy/waybill", "--replicas=0")
        wait_for("the ledger to be away", lambda: not scene.pods("staging"))
        fleet.merge(fleet.proposals()[0]["number"])
        scene.installed("production", shipped["first"])
        scene.cluster.kubectl("scale", "-n", "staging", "deploy/waybill", "--replicas=2")
    said = ledger.wait_until("production", "the first runs", lambda it: it["release"]["version"] == shipped["first"])
    assert said["basis"] in ("observed", "late")
    assert [it["release"]["version"] for it in ledger.history("production")] == [shipped["first"], shipped["second"]]

    gap = steady.lost[-1][0] - steady.lost[0][0] if steady.lost else 0.0
    record_property("figure", f"SQLite: {steady.done} requests, {len(steady.lost)} refused within {gap:.1f} s")
    assert sqlite.filed("steady") >= set(steady.written)
    # No connection, or one that was closed before an answer began; never a wrong answer or half of one.
    gone = ("ConnectionRefused", "ConnectionReset", "No route to host", "RemoteDisconnected", "HTTPException 503")
    others = [what for _, what in steady.lost if not any(it in what for it in gone)]
    assert others == []


def test_what_flux_could_not_say_is_found_again(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    ledger, alert = scene.ledger("staging"), "/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/staging/alerts"
    scene.cluster.patch(f"{alert}/waybill-releases", {"spec": {"suspend": True}})
    shipped["fourth"] = releaser.ship(images.labelled(scene.image, "fourth"))
    fleet.merge(fleet.proposals()[0]["number"])
    scene.installed("staging", shipped["fourth"])
    assert ledger.running("staging")["release"]["version"] == shipped["second"]

    scene.cluster.kubectl("create", "job", "-n", "staging", "look", "--from=cronjob/waybill-observer")
    said = ledger.wait_until("staging", "the fourth runs", lambda it: it["release"]["version"] == shipped["fourth"])
    assert (said["basis"], said["health"], said["release"]["known"]) == ("late", "healthy", True)


def test_uninstalled_nothing_is_left_but_the_record(scene: Scene, fleet: Fleet) -> None:
    (fleet.at("main") / "clusters" / "production" / "waybill.yaml").unlink()
    fleet.push("No more in production")
    wait_for("the HelmRelease to go", lambda: scene.helm_release("production") is None, 120)
    kinds = "deployments,replicasets,pods,services,configmaps,networkpolicies,poddisruptionbudgets,jobs,helmcharts"
    ours = ["get", kinds, "-n", "production", "-l", "app.kubernetes.io/name=waybill", "-o", "name"]
    wait_for("its objects to go", lambda: scene.cluster.kubectl(*ours) == "")
    assert scene.cluster.get("/api/v1/namespaces/production/persistentvolumeclaims/waybill")
    ledger = scene.ledger("staging")
    wait_for("the ledger to say that it is gone", lambda: not ledger.running("production"))
    assert ledger.history("production")[0]["ended_by"] == "UninstallSucceeded"


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
