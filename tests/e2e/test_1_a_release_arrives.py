"""The first release: from an image to a running pod, and into the ledger that runs in this pod.

`make e2e` runs the files in their order in one cluster. Each test continues where the one before ended.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.e2e.fleet import Fleet
from tests.support.e2e.pods import pods, settled
from tests.support.e2e.releaser import Releaser
from tests.support.e2e.scene import Scene
from tools.cluster.kubernetes import ready
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
      keySecretName: waybill-webhook
"""
PATH = "apps/waybill/staging/release.yaml"


def test_the_image_is_identified_by_its_digest_alone(scene: Scene) -> None:
    digest = scene.image.partition("@")[2]
    assert crane("digest", "--insecure", scene.image) == digest
    assert "waybill-service" in crane("config", "--insecure", scene.image)


def test_a_release_is_proposed_once(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    ran = releaser.waybill("ship", "--image", scene.image, "--json")
    assert ran.code == 0, ran.stderr
    (first,) = fleet.proposals()
    chart = ran.json["chart"]
    for part in (
        "Deployment/waybill",
        f"| version | none | `{chart['version']}` |",
        f"| image | none | `{scene.image}` |",
    ):
        assert part in first["body"], first["body"]
    published = f"{chart['repository'].removeprefix('oci://')}/waybill:{chart['version']}"
    assert crane("digest", "--insecure", published) == chart["digest"]

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
    assert shipped["first"] != chart["version"]
    assert [it["number"] for it in fleet.proposals()] != [first["number"]]


def test_a_merged_proposal_runs(scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]) -> None:
    fleet.edit(PATH, lambda text: text + STAGING, "Two replicas on PostgreSQL", "apps/waybill")
    shipped["first"] = releaser.ship(scene.image)  # keeps what the reviewer added
    (proposal,) = fleet.proposals()
    fleet.merge(proposal["number"])

    release = scene.installed("staging", shipped["first"])
    assert ready(release, "TestSuccess"), release["status"]["conditions"]
    assert len(settled(scene.cluster, "staging")) == 2
    for pod in pods(scene.cluster, "staging"):
        (container,) = pod["status"]["containerStatuses"]
        assert container["image"].endswith(scene.image) or container["imageID"].endswith(scene.image), container
        assert [it["state"]["terminated"]["reason"] for it in pod["status"]["initContainerStatuses"]] == ["Completed"]
    namespace = scene.cluster.get("/api/v1/namespaces/staging")
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


@pytest.fixture
def forwarded(scene: Scene, tmp_path: Path) -> Iterator[str]:
    log = tmp_path / "port-forward.log"
    flags = [f"--kubeconfig={scene.cluster.kubeconfig}", "-n", "staging"]
    with running(["kubectl", *flags, "port-forward", "service/waybill", ":80"], log) as process:
        yield f"http://127.0.0.1:{wait_for_line(process, log, r'127.0.0.1:([0-9]+)')}"


def test_a_release_can_be_filed_through_a_port_forward(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str], forwarded: str
) -> None:
    releaser.settings["WAYBILL_LEDGER_TOKEN"] = scene.ledger("staging").token("waybill")
    ran = releaser.waybill("record", WAYBILL_LEDGER=forwarded)
    assert ran.code == 0, ran.stderr
    filed = httpx.get(f"{forwarded}/releases/waybill/{shipped['first']}", trust_env=False, timeout=30).json()
    assert [f"{it['repository']}@{it['digest']}" for it in filed["images"]] == [scene.image], filed


def test_the_ledger_and_its_board_show_the_release_that_runs(
    scene: Scene, fleet: Fleet, releaser: Releaser, shipped: dict[str, str]
) -> None:
    ledger = scene.ledger("staging")
    releaser.settings["WAYBILL_LEDGER"] = ledger.loopback
    said = ledger.wait_until("staging", "it runs", lambda it: (it["health"], it["basis"]) == ("healthy", "event"))
    release = said["release"]
    assert (release["version"], release["image"], release["known"]) == (shipped["first"], scene.image, True)
    assert (said["place"], said["attempt"]) == ("staging/waybill", None)

    picture = scene.folder / "board.png"
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"]
    env = {**os.environ, "HOME": str(scene.folder)}
    subprocess.run([*chromium, f"--screenshot={picture}", ledger.url], env=env, check=True, capture_output=True)
    page = [*chromium, "--dump-dom", ledger.url]
    shown = subprocess.run(page, env=env, check=True, capture_output=True, text=True).stdout
    assert shipped["first"] in shown
    assert "staging" in shown
    assert picture.stat().st_size > 5000
