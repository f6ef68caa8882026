"""What an environment's folder of the GitOps repo makes Flux install: its HelmRelease, and the chart as rendered."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..chart_diff import Object, parse
from ..clients.helm import Helm
from ..clients.process import run
from ..clients.registry import Registry
from ..errors import Refused

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True)
class Release:
    """A HelmRelease as kustomize builds it. `chart` is `host/path/name` and `reference` its version or digest, each ""
    where the built objects do not say it; `unseen` is what Flux adds that lies outside the folder."""

    name: str
    namespace: str
    values: dict[str, Any]
    chart: str
    reference: str
    unseen: tuple[str, ...]


def build(folder: Path) -> list[Object]:
    """The objects of a kustomize folder. Refused where neither kustomize nor kubectl is there, or the build fails."""
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if shutil.which(command[0]) is None:
        raise Refused("Neither kustomize nor kubectl is installed.", "Install one of them.", fault="machine")
    manifests = run([*command, folder], timeout=60, fault="gitops").stdout
    try:
        return parse(manifests)
    except ValueError as error:
        raise Refused(f"kustomize built what is no object: {error}", "Mend the folder.", fault="gitops") from error


def release_of(objects: list[Object], service: str) -> Release:
    """The HelmRelease called `service`, with its source where that is among `objects`."""
    found = [item for item in objects if item["kind"] == "HelmRelease" and item["metadata"].get("name") == service]
    if len(found) != 1:
        raise Refused(
            f"The folder builds {len(found)} HelmReleases called {service}.", "It must build one.", fault="gitops"
        )
    metadata, spec = found[0]["metadata"], found[0].get("spec") or {}
    target = spec.get("targetNamespace")
    chart, reference = _chart(objects, spec)
    values_from = [f"{item.get('kind')} {item.get('name')}" for item in spec.get("valuesFrom") or []]
    unseen = [f"values from {', '.join(values_from)}"] if values_from else []
    unseen += ["postRenderers"] if spec.get("postRenderers") else []
    return Release(
        # https://fluxcd.io/flux/components/helm/helmreleases/#release-name
        name=spec.get("releaseName") or (f"{target}-{service}" if target else service),
        namespace=target or metadata.get("namespace") or "default",
        values=spec.get("values") or {},
        chart=chart,
        reference=reference,
        unseen=tuple(unseen),
    )


def _chart(objects: list[Object], spec: dict[str, Any]) -> tuple[str, str]:
    chart = (spec.get("chart") or {}).get("spec") or {}
    wanted = spec.get("chartRef") or chart.get("sourceRef") or {}
    sources = [
        item.get("spec") or {}
        for item in objects
        if (item["kind"], item["metadata"].get("name")) == (wanted.get("kind"), wanted.get("name"))
    ]
    url = str(sources[0].get("url", "")) if sources else ""
    if not url.startswith("oci://"):
        return "", str(chart.get("version", ""))
    repository = url.removeprefix("oci://").rstrip("/")
    if chart:
        return f"{repository}/{chart.get('chart')}", str(chart.get("version", ""))
    ref = sources[0].get("ref") or {}
    return repository, str(ref.get("digest") or ref.get("tag") or "")


def fetch(repository: str, reference: str, folder: Path, plain_http: bool) -> Path:
    """The published chart as a .tgz in `folder`."""
    if not repository or not reference:
        raise Refused("The folder does not say where its chart lies.", "Say it there.", fault="gitops")
    registry = Registry(plain_http)
    manifest = registry.manifest(repository, reference.replace("+", "_"))
    layers = [layer for layer in manifest.layers if layer.media_type == CHART_LAYER] if manifest else []
    if not layers:
        raise Refused(f"{repository} has no chart {reference}.", "Publish it.", fault="registry")
    path = folder / f"{layers[0].digest.removeprefix('sha256:')}.tgz"
    path.write_bytes(registry.blob(repository, layers[0].digest))
    return path


def objects_of(release: Release, chart: Path, kube_version: str | None) -> list[Object]:
    """The chart's objects with the release's values."""
    manifests = Helm().template(
        chart,
        name=release.name,
        namespace=release.namespace,
        values=json.dumps(release.values, default=str).encode(),
        kube_version=kube_version,
    )
    try:
        return parse(manifests)
    except ValueError as error:
        raise Refused(f"The chart renders what is no object: {error}", "Mend the chart.", fault="chart") from error
