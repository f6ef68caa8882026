"""What an environment's folder of the GitOps repo makes Flux install: its HelmRelease, and the chart as rendered."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..clients.process import run
from ..errors import Refused
from ..yaml.objects import Object, parse
from .bases import refuse_foreign


@dataclass(frozen=True)
class HelmRelease:
    """A HelmRelease as kustomize builds it. `chart` is `host/path/name` and `reference` its version or digest, each ""
    where the built objects do not name it; `unseen` is what Flux adds from outside the folder. `images` are those that
    its post-renderers set: https://fluxcd.io/flux/components/helm/helmreleases/#post-renderers."""

    name: str
    namespace: str
    values: dict[str, Any]
    chart: str
    reference: str
    unseen: tuple[str, ...]
    images: tuple[dict[str, Any], ...] = ()


# Nothing is fetched: what a kustomization names must lie in the repo. Plugins are off unless a flag turns them on.
ALONE = {"GIT_ALLOW_PROTOCOL": "none", "KUSTOMIZE_PLUGIN_HOME": "/nowhere"}


def build(folder: Path, root: Path) -> list[Object]:
    """The objects of a kustomize folder in the repo that lies at `root`. Refused where neither kustomize nor kubectl is
    there, where the folder needs what the repo does not hold, or the build fails."""
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if shutil.which(command[0]) is None:
        raise Refused("Neither kustomize nor kubectl is installed.", "Install one of them.", fault="machine")
    refuse_foreign(folder, root)
    manifests = run([*command, folder], env=ALONE, timeout=60, fault="gitops").stdout
    try:
        return parse(manifests)
    except ValueError as error:
        raise Refused(
            f"kustomize built something that is not a Kubernetes object: {error}", "Correct the folder.", fault="gitops"
        ) from error


def release_of(objects: list[Object], service: str) -> HelmRelease:
    """The HelmRelease called `service`, with its source where that is among `objects`."""
    found = [item for item in objects if item["kind"] == "HelmRelease" and item["metadata"].get("name") == service]
    if len(found) != 1:
        raise Refused(
            f"The folder builds {len(found)} HelmReleases called {service}.",
            "Make it build exactly one.",
            fault="gitops",
        )
    metadata, spec = found[0]["metadata"], found[0].get("spec") or {}
    target = spec.get("targetNamespace")
    chart, reference = _chart(objects, spec)
    values_from = [f"{item.get('kind')} {item.get('name')}" for item in spec.get("valuesFrom") or []]
    unseen = [f"values from {', '.join(values_from)}"] if values_from else []
    renderers = [item.get("kustomize") or {} for item in spec.get("postRenderers") or []]
    unseen += ["postRenderers"] if renderers else []
    return HelmRelease(
        # https://fluxcd.io/flux/components/helm/helmreleases/#release-name
        name=spec.get("releaseName") or (f"{target}-{service}" if target else service),
        namespace=target or metadata.get("namespace") or "default",
        values=spec.get("values") or {},
        chart=chart,
        reference=reference,
        unseen=tuple(unseen),
        images=tuple(image for item in renderers for image in item.get("images") or []),
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
