"""Without a GitOps repo: Flux follows the tag that releases move, and takes what is signed with the key alone."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from service.domain.delivery import Delivery, delivery_in
from tests.support.builders import DEPLOYMENT, TOP
from tests.support.builders import World as Service
from tests.support.e2e.recorder import PORT
from tests.support.e2e.scene import HELM, Scene, secret
from tests.support.scripts.gitless import gitless, repository, tagged
from tests.support.scripts.signing import private, public
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.demo.image import crane

NAMESPACE = "gitless"
SOURCE = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/ocirepositories/carts-staging"
KUSTOMIZATION = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/kustomizations/carts-staging"
RELEASE = f"{HELM}/{NAMESPACE}/helmreleases/carts"
VERIFY = re.compile(r"^( *)# (verify:\n)\1# (.*\n)\1# (.*\n)\1# (.*\n)", re.MULTILINE)


def verified(text: str) -> str:
    """With `verify` switched on."""
    found, times = VERIFY.subn(r"\1\2\1\3\1\4\1\5", text)
    assert times == 1
    return found


def of_template(folder: str) -> Iterator[dict[str, Any]]:
    """The objects of a folder of gitops-templates/, in the namespace."""
    command = ["kustomize", "build", TOP / "gitops-templates" / folder]
    for it in yaml.safe_load_all(subprocess.run(command, capture_output=True, text=True, check=True).stdout):
        it["metadata"]["namespace"] = NAMESPACE
        yield it


@pytest.fixture(scope="module")
def key() -> str:
    return private()


@pytest.fixture(scope="module")
def env(key: str) -> dict[str, str]:
    return {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key}


@pytest.fixture(scope="module")
def service(scene: Scene, key: str, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """With all that a cluster needs once: the key, and what follows the tag."""
    folder, cluster = tmp_path_factory.mktemp("gitless"), scene.cluster
    template = DEPLOYMENT.replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector")
    settings, more = f'namespace = "{NAMESPACE}"\n', {"templates": {"deployment.yaml": template}}
    found = gitless(folder, scene.world.registry, settings, "carts", **more)
    base, overlay = (found.checkout / f"deploy/{it}" for it in ("base/helmrelease.yaml", "staging/kustomization.yaml"))
    found.commit(
        {
            "deploy/base/helmrelease.yaml": verified(base.read_text()),
            "deploy/staging/kustomization.yaml": overlay.read_text().replace("apps", NAMESPACE),
        }
    )
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    file = public(key, tmp_path_factory.mktemp("key") / "cosign.pub")
    cluster.apply(secret(NAMESPACE, "cosign-keys", {"cosign.pub": file.read_text()}))
    cluster.apply(secret(NAMESPACE, "waybill-webhook", {"token": "of-no-ledger-0123"}))
    for it in of_template("cluster/artifacts"):
        if it["kind"] == "Provider":
            it["spec"]["address"] = f"http://127.0.0.1:{PORT}/"
        cluster.apply(it)
    for name in ("manifests.yaml", "service.yaml"):
        text = (TOP / "gitops-templates/gitless" / name).read_text()
        it = yaml.safe_load(
            (verified(text) if "verify" in text else text).replace("service-environment", "carts-staging")
        )
        it["metadata"]["namespace"] = NAMESPACE
        if it["kind"] == "OCIRepository":
            it["spec"] |= {"url": f"oci://{repository(found)}/staging", "insecure": True, "interval": "3s"}
            it["spec"]["ref"] = {"tag": "staging"}
        cluster.apply(it)
    return found


def release(service: Service, text: str, env: dict[str, str]) -> Any:
    service.commit({"README.md": text}, text)
    return service.ship(service.image(text), env=env)


def arrived(scene: Scene, waybill: Any) -> dict[str, Any]:
    """The HelmRelease, as soon as Flux installed this release of the manifests with this digest."""
    version, digest = waybill["chart"]["version"], waybill["artifact"]["digest"]

    def check() -> dict[str, Any] | None:
        source, applied = (scene.cluster.get(it) or {} for it in (SOURCE, KUSTOMIZATION))
        found = scene.cluster.get(RELEASE) or {}
        status = applied.get("status", {})
        if not str(status.get("lastAppliedRevision")).endswith(digest) or not ready(source, "SourceVerified"):
            return None
        assert status["lastAppliedOriginRevision"] == waybill["artifact"]["revision"]
        history = found.get("status", {}).get("history", [{}])
        return found if history[0].get("chartVersion") == version and ready(found) else None

    return wait_for(f"{version} to run", check)


def refused(scene: Scene, digest: str) -> dict[str, Any] | None:
    """The OCIRepository, where it does not take this digest."""
    found = scene.cluster.get(SOURCE) or {}
    conditions = {it["type"]: it for it in found.get("status", {}).get("conditions", [])}
    said = conditions.get("SourceVerified", {})
    so = (said.get("status"), said.get("reason")) == ("False", "VerificationError") and digest in said["message"]
    return found if so else None


def test_a_signed_release_arrives(scene: Scene, service: Service, env: dict[str, str]) -> None:
    first = service.ship(service.image(), env=env)
    assert tagged(service, "staging") == first["artifact"]["digest"]
    found = arrived(scene, first)
    told = found["metadata"]["annotations"]
    assert told["event.toolkit.fluxcd.io/release"] == "0.1.0"
    assert ready(scene.cluster.get(KUSTOMIZATION) or {})


def test_an_unsigned_one_is_refused_until_it_is_signed(scene: Scene, service: Service, env: dict[str, str]) -> None:
    kept = (scene.cluster.get(RELEASE) or {})["metadata"]["uid"]
    unsigned = release(service, "unsigned", {})
    digest = unsigned["artifact"]["digest"]
    assert tagged(service, "staging") == digest
    source = wait_for("it to be refused", partial(refused, scene, digest))
    assert not source["status"]["artifact"]["revision"].endswith(digest)
    assert (scene.cluster.get(RELEASE) or {})["status"]["history"][0]["chartVersion"] == "0.1.0"
    again = service.ship(unsigned["images"][0]["repository"] + "@" + unsigned["images"][0]["digest"], env=env)
    assert again["artifact"] == unsigned["artifact"]
    assert arrived(scene, again)["metadata"]["uid"] == kept


def test_a_tag_that_somebody_moves_is_refused_and_set_right(
    scene: Scene, service: Service, env: dict[str, str]
) -> None:
    signed = tagged(service, "staging")
    body = json.loads(crane("manifest", "--insecure", f"{repository(service)}/staging:staging"))
    body["annotations"]["org.opencontainers.image.source"] = "https://example.org/elsewhere"
    file = service.folder / "foreign.json"
    file.write_text(json.dumps(body))
    foreign = pushed(service, file)
    assert tagged(service, "staging") == foreign != signed
    wait_for("it to be refused", partial(refused, scene, foreign))
    third = release(service, "the next", env)
    arrived(scene, third)


def pushed(service: Service, file: Path) -> str:
    """Somebody lets the tag name other manifests."""
    place = f"http://{service.registry}/v2/{repository(service).partition('/')[2]}/staging/manifests/staging"
    headers = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    answer = httpx.put(place, content=file.read_bytes(), headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["docker-content-digest"])


def test_rollback_brings_back_what_was_there(scene: Scene, service: Service, env: dict[str, str]) -> None:
    uid = (scene.cluster.get(RELEASE) or {})["metadata"]["uid"]
    words = ["rollback", "carts", "0.1.0", "-e", "staging", "--reason", "it lost carts", "--json"]
    ran = service.waybill(*words, env=env)
    assert ran.code == 0, ran.stderr
    assert tagged(service, "staging") == tagged(service, "0.1.0")
    assert arrived(scene, ran.json)["metadata"]["uid"] == uid


def test_what_flux_said_is_what_the_ledger_reads(scene: Scene, service: Service) -> None:
    def deliveries() -> list[Delivery] | None:
        files = [
            file
            for kind in ("OCIRepository", "Kustomization")
            for file in (scene.folder / "events").glob(f"*-{kind}-*.json")
        ]
        found = [it for file in files if (it := delivery_in(file.read_bytes(), datetime.now(UTC)))]
        ours = [it for it in found if it.object.endswith("carts-staging")]
        return ours if {it.outcome for it in ours} == {"fetched", "applied", "failed"} else None

    found = wait_for("events of manifests", deliveries)
    versions = {tagged(service, version): version for version in ("0.1.0", "0.1.1", "0.1.2")}
    assert {versions[it.digest] for it in found if it.outcome == "applied"} == {*versions.values()}
    assert {it.digest for it in found if it.outcome == "fetched"} <= {*versions}
