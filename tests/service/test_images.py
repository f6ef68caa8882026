"""Which images run: a pod's are its HelmRelease's, and are held against what was released."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.domain.images import MISMATCHED, OTHER, SAME, UNKNOWN, ReleasedImage, judged
from service.domain.snapshot import PostedImage
from service.domain.state import SeenImage
from service.observer.cluster import look
from service.observer.mirror import Mirrors
from service.observer.program import observe
from service.observer.settings import ObserverSettings

from ..support.service.kubernetes_stand_in import KubernetesStandIn, Lists, kubernetes_stand_in
from ..support.service.replica import command, replica
from ..support.service.served import KEYS, document, event, signature

RELEASED, PLATFORM, HOTFIX = (f"sha256:{it * 64}" for it in "abc")
REPOSITORY = "ghcr.io/acme/orders"
APPS, PODS = "/apis/apps/v1/namespaces/apps/replicasets", "/api/v1/namespaces/apps/pods"


@pytest.mark.parametrize(
    ("asked", "running", "verdict"),
    [
        (f"{REPOSITORY}@{RELEASED}", f"{REPOSITORY}@{HOTFIX}", SAME),  # the pod's own image is the first witness
        (f"{REPOSITORY}:1.4@{RELEASED}", "", SAME),
        (f"{REPOSITORY}@{PLATFORM}", f"{REPOSITORY}@{RELEASED}", SAME),
        (f"mirror.local/acme/orders@{RELEASED}", "", SAME),
        (f"{REPOSITORY}@{HOTFIX}", f"{REPOSITORY}@{HOTFIX}", MISMATCHED),
        (f"{REPOSITORY}:1.4", f"{REPOSITORY}@{RELEASED}", SAME),
        (f"{REPOSITORY}:1.4", f"{REPOSITORY}@{PLATFORM}", SAME),
        (f"{REPOSITORY}:1.4", f"{REPOSITORY}@{HOTFIX}", MISMATCHED),
        (f"{REPOSITORY}:1.4", f"docker-pullable://{REPOSITORY}@{HOTFIX}", MISMATCHED),
        (f"{REPOSITORY}:1.4", f"elsewhere.io/acme/orders@{HOTFIX}", UNKNOWN),  # CRI-O's first digest, of any repository
        (f"{REPOSITORY}:1.4", HOTFIX, UNKNOWN),  # a bare config id
        (f"{REPOSITORY}:1.4", "import-2026-01-01@sha256:0", UNKNOWN),  # kind load
        ("docker.io/istio/proxyv2:1.20", f"docker.io/istio/proxyv2@{HOTFIX}", OTHER),
        ("localhost:5000/acme/orders:1.4", f"localhost:5000/acme/orders@{HOTFIX}", OTHER),
    ],
)
def test_an_image_is_judged_by_what_can_be_known(asked: str, running: str, verdict: str) -> None:
    released = [ReleasedImage(REPOSITORY, RELEASED, frozenset([RELEASED, PLATFORM]), complete=True)]
    [found] = judged([SeenImage("Deployment/orders", "web", asked, running)], released)
    assert found.verdict == verdict
    assert (found.found == HOTFIX and found.released == RELEASED) == (verdict == MISMATCHED)


@pytest.mark.parametrize(("running", "verdict"), [(RELEASED, SAME), (PLATFORM, SAME), (HOTFIX, MISMATCHED)])
def test_two_images_of_a_release_may_share_a_repository(running: str, verdict: str) -> None:
    released = [ReleasedImage(REPOSITORY, it, frozenset([it]), complete=True) for it in (RELEASED, PLATFORM)]
    pod = SeenImage("Deployment/orders", "web", f"{REPOSITORY}:1.4", f"{REPOSITORY}@{running}")
    [found] = judged([pod], released)
    assert found.verdict == verdict


def helmrelease(*inventory: str, name: str = "orders") -> dict[str, Any]:
    version = {"status": "deployed", "chartName": "orders", "chartVersion": "1.4.2", "version": 1}
    entries = {"inventory": {"entries": [{"id": it, "v": "v1"} for it in inventory]}} if inventory else {}
    ready = {"type": "Ready", "status": "True", "reason": "InstallSucceeded"}
    return {
        "metadata": {"namespace": "apps", "name": name, "uid": name, "resourceVersion": "7", "generation": 1},
        "spec": {},
        "status": {"observedGeneration": 1, "history": [version], "conditions": [ready], **entries},
    }


def owned(kind: str, name: str, group: str = "apps/v1") -> list[dict[str, Any]]:
    return [{"apiVersion": group, "kind": kind, "name": name, "controller": True}]


def pod(name: str, image: str, owners: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    status = {"name": "web", "imageID": image, "state": {"running": {}}} | more.pop("container", {})
    return {
        "metadata": {"namespace": "apps", "name": name, "ownerReferences": owners} | more.pop("metadata", {}),
        "spec": {"containers": [{"name": "web", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": [status]} | more,
    }


def replicaset(name: str, *owners: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "apps", "name": name, "ownerReferences": list(owners)} | more}


def seen(release: dict[str, Any], others: Lists) -> tuple[list[tuple[str, str, int]], str | None]:
    async def images_of(api: KubernetesStandIn) -> tuple[list[PostedImage], str | None]:
        async with api.kubernetes().connected() as http:
            view = await look(Mirrors(http), ["apps"])
            [it] = view.helmreleases["apps"]
            return view.pods.of(it)

    with kubernetes_stand_in({"apps": [release]}, others) as api:
        images, unknown = asyncio.run(images_of(api))
    return [(each.workload, each.asked, each.pods) for each in images], unknown


def test_a_pod_is_followed_to_its_helmrelease() -> None:
    image = f"{REPOSITORY}@{RELEASED}"
    others: Lists = {
        PODS: [
            pod("a", image, owned("ReplicaSet", "orders-1")),
            pod("b", image, owned("ReplicaSet", "orders-1")),
            pod("other", image, owned("ReplicaSet", "other-1")),
            pod("rollout", image, owned("ReplicaSet", "canary-1")),
            pod("alone", image, []),
            pod(
                "going", image, owned("ReplicaSet", "orders-1"), metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}
            ),
            pod("done", image, owned("ReplicaSet", "orders-1"), phase="Succeeded"),
            pod("pulling", image, owned("ReplicaSet", "orders-1"), container={"state": {"waiting": {}}}),
            pod("again", HOTFIX, owned("StatefulSet", "db"), container={"state": {}, "lastState": {"terminated": {}}}),
        ],
        APPS: [
            replicaset("orders-1", *owned("Deployment", "orders")),
            replicaset("other-1", *owned("Deployment", "other")),
            replicaset("canary-1", *owned("Rollout", "canary", "argoproj.io/v1alpha1")),
        ],
        "/apis/apps/v1/namespaces/apps/deployments": [replicaset("other")],
    }
    inventory = ("apps_orders_apps_Deployment", "apps_db_apps_StatefulSet", "apps_canary_argoproj.io_Rollout")
    images, unknown = seen(helmrelease(*inventory, "apps_orders__Service"), others)
    assert unknown is None
    assert images == [
        ("Deployment/orders", image, 2),
        ("Rollout/canary", image, 1),  # without a right on Rollouts
        ("StatefulSet/db", HOTFIX, 1),
    ]


def test_without_an_inventory_helm_controllers_labels_decide() -> None:
    labels = {"helm.toolkit.fluxcd.io/name": "orders", "helm.toolkit.fluxcd.io/namespace": "apps"}
    deployments = "/apis/apps/v1/namespaces/apps/deployments"
    others: Lists = {
        PODS: [pod("a", "x", owned("ReplicaSet", "orders-1")), pod("b", "y", owned("ReplicaSet", "web-1"))],
        APPS: [
            replicaset("orders-1", *owned("Deployment", "orders")),
            replicaset("web-1", *owned("Deployment", "web")),
        ],
        deployments: [replicaset("orders", labels=labels), replicaset("web")],
    }
    assert seen(helmrelease(), others) == ([("Deployment/orders", "x", 1)], None)
    del others[deployments]
    assert seen(helmrelease(), others) == ([], f"{deployments} answered 403")


def test_what_may_not_be_read_is_named() -> None:
    assert seen(helmrelease("shop_orders_apps_Deployment"), {}) == ([], "/api/v1/namespaces/shop/pods answered 403")
    others: Lists = {PODS: [pod("a", "x", owned("Revision", "orders-1", "serving.knative.dev/v1"))]}
    images, unknown = seen(helmrelease("apps_orders_serving.knative.dev_Service"), others)
    assert (images, unknown) == ([], "the owner of Revision orders-1 is not followed")


def test_an_environment_that_overrides_the_image_is_mismatched_with_both_digests(
    database_url: str, tmp_path: Path
) -> None:
    others: Lists = {
        PODS: [pod("a", f"{REPOSITORY}@{HOTFIX}", owned("ReplicaSet", "orders-1"))],
        APPS: [replicaset("orders-1", *owned("Deployment", "orders"))],
    }
    lists: Lists = {"apps": [helmrelease("apps_orders_apps_Deployment")]}
    token = command(database_url, "token", "create", "--scope", "releases:write").stdout.strip()
    with (
        replica(database_url, tmp_path / "log") as ledger,
        kubernetes_stand_in(lists, others) as api,
        ledger.http() as http,
    ):
        http.post("/releases", json=document(), headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        settings = ObserverSettings(ledger.url, "staging", KEYS["staging"][0].encode(), ("apps",))
        assert asyncio.run(observe(settings, api.kubernetes())) == []
        [it] = http.get("/environments/staging").json()["services"]
        assert it["release"]["mismatched"]
        [differs] = it["mismatches"]
        assert differs == {
            "what": "image",
            "basis": "seen",
            "released": RELEASED,
            "found": HOTFIX,
            "workload": "Deployment/orders",
            "container": "web",
        }
        found = http.get(f"/digests/{HOTFIX}").json()
        assert (found["kind"], [each["place"] for each in found["items"]]) == ("image", ["apps/orders"])
        assert HOTFIX[7:19] in http.get("/board/environments/staging").text

        # An upgrade fails and is not rolled back: what runs is not certain, until its pods tell.
        said = event("UpgradeFailed", "1.5.0", at=datetime.now(UTC) - timedelta(seconds=5), resource_version=5)
        said["involvedObject"]["uid"] = "orders"

        body = json.dumps(said).encode()
        http.post("/hooks/flux/staging", content=body, headers={"X-Signature": signature(body, KEYS["staging"][0])})
        others[PODS] = [pod("a", f"{REPOSITORY}@{RELEASED}", owned("ReplicaSet", "orders-1"))]
        failed = {"status": "failed", "chartName": "orders", "chartVersion": "1.5.0", "version": 2}
        lists["apps"][0]["status"]["history"].insert(0, failed)
        lists["apps"][0]["metadata"]["resourceVersion"] = "8"  # what is seen twice in a second is in its order
        lists["apps"][0]["status"]["conditions"][0] |= {"status": "False", "reason": "UpgradeFailed"}
        assert asyncio.run(observe(settings, api.kubernetes())) == []
        [it] = http.get("/environments/staging").json()["services"]
        assert (it["release"]["version"], it["health"], it["attempt"]["version"]) == ("1.4.2", "failing", "1.5.0")
        assert (it["mismatches"], [each["verdict"] for each in it["images"]]) == ([], ["same"])
