"""Objects of a cluster, as the Kubernetes API has them."""

from typing import Any

MARKED = {"type": "Reconciling", "status": "True", "reason": "Progressing", "message": "Fulfilling prerequisites"}


def helmrelease(name: str, version: str = "1.4.2", *, ready: str = "True", marked: bool = False) -> dict[str, Any]:
    conditions = [
        {"type": "Ready", "status": ready, "reason": "UpgradeSucceeded" if ready == "True" else "Progressing"}
    ]
    history = {"status": "deployed", "chartName": name, "chartVersion": version, "version": 1}
    return {
        "metadata": {"namespace": "apps", "name": name, "uid": name, "resourceVersion": "7", "generation": 3},
        "spec": {},
        "status": {
            "observedGeneration": 3,
            "conditions": conditions + [MARKED] * marked,
            "history": [history | {"lastDeployed": "2026-01-02T03:04:05Z"}],
            "inventory": {"entries": [{"id": f"apps_{name}_apps_Deployment", "v": "v1"}]},
        },
    }


def pod(name: str, image: str, owner: str) -> dict[str, Any]:
    owners = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": True}]
    return {
        "metadata": {"namespace": "apps", "name": name, "ownerReferences": owners},
        "spec": {"containers": [{"name": "web", "image": image}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "web", "imageID": image, "state": {"running": {}}}],
        },
    }


def replicaset(name: str, deployment: str) -> dict[str, Any]:
    owners = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment, "controller": True}]
    return {"metadata": {"namespace": "apps", "name": name, "ownerReferences": owners}}
