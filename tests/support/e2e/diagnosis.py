"""What the cluster reports as wrong: read it first when a test fails."""

from collections.abc import Iterator
from typing import Any

import httpx

from tools.cluster.component import ended
from tools.cluster.kubernetes import Kubernetes

FLUX = {
    "source.toolkit.fluxcd.io/v1": ("gitrepositories", "ocirepositories", "helmcharts"),
    "kustomize.toolkit.fluxcd.io/v1": ("kustomizations",),
    "helm.toolkit.fluxcd.io/v2": ("helmreleases",),
}


def diagnosis(cluster: Kubernetes) -> str:
    """Processes that ended, then failures in the order from git to pod, so that the cause comes before its effects."""
    try:
        told = [*_sources(cluster), *_pods(cluster), *_warnings(cluster)]
    except httpx.HTTPError as error:
        told = [f"The API server does not answer: {error}"]
    return "\n".join([*ended(), *told]) or "The cluster reports nothing."


def _sources(cluster: Kubernetes) -> Iterator[str]:
    for api, plurals in FLUX.items():
        for plural in plurals:
            for it in cluster.items(f"/apis/{api}/{plural}"):
                for condition in it.get("status", {}).get("conditions") or []:
                    if condition["status"] != "True" and condition["type"] != "Drifted":
                        said = f"{condition['type']} {condition['reason']}: {condition['message'][:500]}"
                        yield f"{it['kind']} {_name(it)}: {said}"


def _pods(cluster: Kubernetes) -> Iterator[str]:
    for pod in cluster.items("/api/v1/pods"):
        status = pod["status"]
        for it in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            state = it["state"].get("waiting") or it["state"].get("terminated") or {}
            if not it["ready"] and state.get("reason") not in (None, "Completed"):
                yield f"Pod {_name(pod)}, {it['name']}: {state['reason']} {state.get('message', '')}"


def _warnings(cluster: Kubernetes) -> Iterator[str]:
    for it in cluster.items("/api/v1/events"):
        if it["type"] == "Warning":
            where = it["involvedObject"]
            yield f"{where['kind']} {where.get('namespace', '')}/{where['name']}: {it['reason']} {it['message'][:300]}"


def _name(it: dict[str, Any]) -> str:
    return f"{it['metadata']['namespace']}/{it['metadata']['name']}"
