"""The volume of a ledger on SQLite: the cluster has no storage class that would make one."""

import os

from tests.support.e2e.scene import Scene


def volume(scene: Scene, namespace: str) -> None:
    """For the claim of the ledger in `namespace`; its owner is the user of the chart's pods."""
    folder = scene.folder / "volumes" / namespace
    folder.mkdir(parents=True)
    os.chown(folder, 65532, 65532)
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder)},
        "claimRef": {"namespace": namespace, "name": "waybill"},
    }
    meta = {"name": namespace}
    scene.cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})
