"""The pods of a ledger, and waiting until a rollout of them is over."""

from typing import Any

from tools.cluster.kubernetes import Kubernetes, ready
from tools.cluster.waiting import wait_for

LEDGER = "labelSelector=app.kubernetes.io/component%3Dledger"


def pods(cluster: Kubernetes, namespace: str) -> list[dict[str, Any]]:
    """All pods, also those being removed: for Helm and Flux a rollout is over before the old pods are gone."""
    return cluster.items(f"/api/v1/namespaces/{namespace}/pods?{LEDGER}")


def settled(cluster: Kubernetes, namespace: str) -> list[str]:
    """Names of the pods, as soon as they are all ready, as many as the Deployment wants, and none is being removed."""

    def check() -> list[str] | None:
        deployment = cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/waybill")
        found = pods(cluster, namespace)
        still = all(ready(it) and "deletionTimestamp" not in it["metadata"] for it in found)
        if deployment and still and _rolled_out(deployment, len(found)):
            return sorted(it["metadata"]["name"] for it in found)
        return None

    return wait_for(f"the pods in {namespace} to settle", check)


def _rolled_out(deployment: dict[str, Any], count: int) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return False
    counts = {status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    return counts == {wanted} == {count}
