"""Services that run by HelmReleases that people wrote are adopted, and released from then on: nothing is restarted,
pruned or uninstalled."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.builders import Ran
from tests.support.e2e.running import CHARTS, FOLDER, NAMESPACE, Running
from tests.support.e2e.scene import Scene
from tools.cluster.waiting import wait_for
from tools.demo.image import crane
from tools.demo.world import run

EVENT = "event.toolkit.fluxcd.io"
TOLD = (f"    {EVENT}/tests: ", f"    {EVENT}/tries: ")  # of the HelmRelease; they have tests of their own
IN_PLACE = "spec:\n  upgrade: {chartNameChangeStrategy: InPlaceUpdate}\n  interval"


@pytest.fixture(scope="module")
def running(scene: Scene) -> Running:
    it = Running(scene, scene.fleet(NAMESPACE, [NAMESPACE]))
    it.begin()
    it.wait_until_installed("1.0.0")
    return it


def test_a_service_is_adopted_unless_that_would_uninstall_it(running: Running) -> None:
    pods, main = running.pods(), running.fleet.head("main")
    assert images(pods) == {service: [running.image] for service in CHARTS}
    assert [adopt(running, it).code for it in ("orders", "billing")] == [0, 0]
    refused = adopt(running, "stock")
    assert refused.code == 1
    assert "installs the chart legacy, and the chart of this service is stock" in refused.stderr
    assert "Flux uninstalls what runs" in refused.stderr
    assert running.fleet.head("main") == main
    running.fleet.edit(f"{FOLDER}/stock.yaml", lambda text: text.replace("spec:\n  interval", IN_PLACE), "In place")
    ran = adopt(running, "stock")
    assert ran.code == 0, ran.stderr
    assert running.pods() == pods


def test_the_first_release_of_the_image_that_runs_moves_no_pod(running: Running, scene: Scene) -> None:
    pods, objects, before = running.pods(), kept(scene), running.fleet.head("main")
    shipped = ship(running, running.image)
    merge(running)
    digest = shipped["billing"]["chart"]["digest"]
    own = {service: ["  annotations:", *annotations(it)] for service, it in shipped.items()}
    assert changes(running, before) == {
        f"{FOLDER}/orders.yaml": (
            ['      version: "1.0.0"   # what runs'],
            [*own["orders"], '      version: "1.0.1"   # what runs'],
        ),
        f"{FOLDER}/billing.yaml": (
            ["    tag: 1.0.0"],
            ["    tag: 1.0.1", f'    digest: "{digest}"', *own["billing"]],
        ),
        f"{FOLDER}/stock.yaml": (
            ["      chart: legacy", "      version: 1.0.0"],
            [*own["stock"], "      chart: stock", "      version: 1.0.1"],
        ),
    }
    running.wait_until_installed("1.0.1")
    revisions = [(it["version"], it["chartName"]) for it in running.release("stock")["status"]["history"]]
    assert revisions == [(2, "stock"), (1, "legacy")]
    assert (running.pods(), kept(scene)) == (pods, objects)


def test_a_new_image_replaces_the_pods_and_nothing_else(running: Running, scene: Scene) -> None:
    pods, objects, before = running.pods(), kept(scene), running.fleet.head("main")
    repository = running.image.partition("@")[0]
    image = crane("mutate", "--insecure", running.image, "--label", "story=adopted", "--tag", f"{repository}:adopted")
    ship(running, image)
    merge(running)
    moved = {running.image: image, "1.0.1": "1.0.2"}
    for removed, added in changes(running, before).values():
        there = [line for line in added if "digest:" not in line]
        assert there == [with_all(line, moved) for line in removed if "digest:" not in line]
    running.wait_until_installed("1.0.2")
    wait_for(
        "the pods of the new image alone", lambda: images(running.pods()) == {service: [image] for service in CHARTS}
    )
    assert not any(running.pods()[service].keys() & pods[service].keys() for service in CHARTS)
    assert kept(scene) == objects
    told = [it.read_text() for it in (scene.folder / "events").glob("*Uninstall*")]
    assert not [it for it in told if f'"{NAMESPACE}"' in it]


def adopt(running: Running, service: str) -> Ran:
    command = ("adopt", "--environment", NAMESPACE, "--file", f"{FOLDER}/{service}.yaml")
    return running.checkouts[service].waybill(*command, env=running.env)


def ship(running: Running, image: str) -> dict[str, Any]:
    """The waybill of each service."""
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda it: it.ship(image, env=running.env), running.checkouts.values())
        return dict(zip(running.checkouts, done, strict=True))


def merge(running: Running) -> None:
    proposals = running.fleet.proposals()
    assert len(proposals) == len(CHARTS)
    for proposal in proposals:
        running.fleet.merge(proposal["number"])


def changes(running: Running, before: str) -> dict[str, tuple[list[str], list[str]]]:
    """By file the lines that were taken away and added on main since `before`."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    folder, env = running.fleet.at("main"), running.fleet.env
    for path in run(["git", "diff", "--name-only", before, "HEAD"], env, folder).splitlines():
        lines = run(["git", "diff", "-U0", before, "HEAD", "--", path], env, folder).splitlines()[4:]
        removed, added = (
            [line[1:] for line in lines if line.startswith(sign) and not line[1:].startswith(TOLD)] for sign in "-+"
        )
        found[path] = (removed, added)
    return found


def annotations(waybill: Mapping[str, Any]) -> list[str]:
    (image,) = waybill["images"]
    said = {
        "service": waybill["service"],
        "release": waybill["chart"]["version"],
        "image": f"{image['repository']}@{image['digest']}",
        "commit": waybill["source"]["commit"],
    }
    return [f'    {EVENT}/{name}: "{text}"' for name, text in said.items()]


def with_all(line: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        line = line.replace(old, new)
    return line


def images(pods: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    return {service: [*its.values()] for service, its in pods.items()}


def kept(scene: Scene) -> dict[str, str]:
    """The ids of all objects in the namespace that a release has no reason to replace."""
    kinds = "deployments,helmreleases,helmrepositories,ocirepositories,serviceaccounts,roles,rolebindings"
    shape = "--output=jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{'\\n'}{end}"
    listed = scene.cluster.kubectl("get", kinds, "-n", NAMESPACE, shape).splitlines()
    return {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in listed}
