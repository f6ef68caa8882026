"""What Flux makes of signatures: its own source-controller gets what ship signed, and nothing else, while what it has
stays."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from scripts.clients.manifest import CHART_LAYER
from tests.support.builders import World as Service
from tests.support.builders import git
from tests.support.e2e.scene import secret
from tests.support.scripts.signing import private, public
from tools.cluster.kubernetes import ready
from tools.cluster.waiting import wait_for
from tools.cluster.world import World
from tools.demo.image import crane

NAMESPACE = "signed"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/sealed-staging"
RELEASE = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/apps/helmreleases/sealed"
SOURCES = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/ocirepositories"


@pytest.fixture(scope="module")
def key() -> str:
    return private()


@pytest.fixture(scope="module")
def service(real: World, tmp_path_factory: pytest.TempPathFactory) -> Service:
    settings = f'artifact = "oci://{real.registry}/manifests/sealed"\nflux_source = "oci-repository"\n'
    return Service(tmp_path_factory.mktemp("signed"), real.registry, "sealed", settings=settings)


@pytest.fixture(scope="module")
def namespace(real: World, key: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = public(key, tmp_path_factory.mktemp("key") / "cosign.pub")
    real.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    real.cluster.apply(secret(NAMESPACE, "cosign-pub", {"cosign.pub": file.read_text()}))
    return NAMESPACE


def ship(service: Service, key: str | None, text: str) -> dict[str, Any]:
    """A release, signed with `key`; what it publishes, by name: repository and digest."""
    service.commit({"README.md": text}, text)
    env = {"WAYBILL_SIGN": "key", "WAYBILL_SIGNING_KEY": key} if key else {}
    waybill = service.ship(service.image(text), env=env)
    chart, artifact = waybill["chart"], waybill["artifact"]
    return {
        "chart": {"url": f"{chart['repository']}/{chart['name']}", "ref": {"digest": chart["digest"]}},
        "manifests": {"url": artifact["repository"], "ref": {"digest": artifact["digest"]}},
        "waybill": waybill,
    }


def follow(real: World, name: str, source: Mapping[str, Any]) -> None:
    """Lets Flux follow a source, verified with the key."""
    more = {"layerSelector": {"mediaType": CHART_LAYER, "operation": "copy"}} if name == "chart" else {}
    verify = {"provider": "cosign", "secretRef": {"name": "cosign-pub"}}
    spec = {"interval": "1m", "insecure": True, "verify": verify, **source, **more}
    meta = {"namespace": NAMESPACE, "name": name}
    real.cluster.apply(
        {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": meta, "spec": spec}
    )


def arrived(real: World, name: str, digest: str) -> dict[str, Any]:
    def check() -> dict[str, Any] | None:
        found = real.cluster.get(f"{SOURCES}/{name}") or {}
        same = str(found.get("status", {}).get("artifact", {}).get("revision", "")).endswith(digest)
        return found if same and ready(found) and ready(found, "SourceVerified") else None

    return wait_for(f"{name} at {digest}", check)


def refused(real: World, name: str) -> dict[str, Any]:
    def check() -> dict[str, Any] | None:
        found = real.cluster.get(f"{SOURCES}/{name}") or {}
        conditions = {it["type"]: it for it in found.get("status", {}).get("conditions", [])}
        said = conditions.get("SourceVerified", {})
        what = said.get("status"), said.get("reason"), said.get("observedGeneration")
        return found if what == ("False", "VerificationError", found["metadata"]["generation"]) else None

    return wait_for(f"{name} to be refused", check)


def test_flux_takes_what_is_signed_and_keeps_it_when_others_push(
    real: World, service: Service, namespace: str, key: str, tmp_path: Path
) -> None:
    first = ship(service, key, "first")
    revision = first["waybill"]["artifact"]["revision"]
    for name in ("chart", "manifests"):
        follow(real, name, first[name])
    for name in ("chart", "manifests"):
        arrived(real, name, first[name]["ref"]["digest"])
    fetched = (real.cluster.get(f"{SOURCES}/manifests") or {})["status"]["artifact"]
    assert fetched["metadata"]["org.opencontainers.image.revision"] == revision
    content = gzip.decompress(httpx.get(fetched["url"], trust_env=False, timeout=30).content)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert [it.name.lstrip("./") for it in tar if it.isfile()] == ["sealed.yaml"]

    for other, text in ((None, "unsigned"), (private(), "of another key")):
        pushed = ship(service, other, text)
        for name in ("chart", "manifests"):
            follow(real, name, pushed[name])
        for name in ("chart", "manifests"):
            kept = refused(real, name)["status"]["artifact"]["revision"]
            assert kept.endswith(first[name]["ref"]["digest"]), text

    for name in ("chart", "manifests"):  # as a rollback
        follow(real, name, first[name])
        arrived(real, name, first[name]["ref"]["digest"])


def test_a_tag_that_somebody_moves_is_refused_too(real: World, service: Service, namespace: str, key: str) -> None:
    signed, foreign = ship(service, key, "signed"), ship(service, None, "pushed by somebody")
    place, version = signed["manifests"]["url"].removeprefix("oci://"), signed["waybill"]["chart"]["version"]
    digest = signed["manifests"]["ref"]["digest"]
    follow(real, "tagged", {"url": f"oci://{place}", "ref": {"tag": version}, "interval": "5s"})
    arrived(real, "tagged", digest)
    crane("tag", "--insecure", f"{place}@{foreign['manifests']['ref']['digest']}", version)
    assert refused(real, "tagged")["status"]["artifact"]["revision"].endswith(digest)
    ran = service.waybill("promote", "--to", "staging", "--version", version)
    assert (ran.code, "holds sealed-" in ran.stderr) == (1, True), ran.stderr


def test_flux_applies_the_manifests(real: World, service: Service, namespace: str, key: str) -> None:
    """As the repo has it: what applies clusters/staging/ makes the OCIRepository and the Kustomization."""
    real.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}})
    uids = set[str]()
    for text in ("to be applied", "the next"):
        waybill = ship(service, key, text)["waybill"]
        for file in ("sealed.manifests.yaml", "sealed.yaml"):
            applied = yaml.safe_load(git(service.gitops, "show", f"apps/sealed:clusters/staging/{file}"))
            real.cluster.apply(applied)
        status = wait_for("the manifests to be applied", partial(_applied, real, waybill["artifact"]["digest"]))
        assert status["lastAppliedOriginRevision"] == waybill["artifact"]["revision"]
        release = real.cluster.get(RELEASE) or {}
        said = release["metadata"]["annotations"]["event.toolkit.fluxcd.io/release"]
        assert said == waybill["chart"]["version"]
        uids.add(release["metadata"]["uid"])
    assert len(uids) == 1


def _applied(real: World, digest: str) -> dict[str, Any] | None:
    found = real.cluster.get(KUSTOMIZATION) or {}
    status: dict[str, Any] = found.get("status", {})
    return status if str(status.get("lastAppliedRevision")).endswith(digest) else None
