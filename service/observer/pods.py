"""The images of a HelmRelease's pods: each pod is followed upwards, by its controllers, to an object of the
HelmRelease.

That is one of its inventory (helm-controller 1.5.0 and later, entries `<namespace>_<name>_<group>_<kind>`) or, without
one, one with helm-controller's labels. What may not be read is named, and nothing is concluded from it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from ..domain.snapshot import PostedImage
from .kubernetes import HelmReleaseObject, Metadata, PodObject, metadata, pods

LABEL = "helm.toolkit.fluxcd.io/"
DEEPEST = 8  # owners above a pod
# What may stand above a pod, and below an object of the HelmRelease, as what an operator makes of one.
LINKS = {
    ("apps", "ReplicaSet"): "apis/apps/v1/replicasets",
    ("apps", "Deployment"): "apis/apps/v1/deployments",
    ("apps", "StatefulSet"): "apis/apps/v1/statefulsets",
    ("apps", "DaemonSet"): "apis/apps/v1/daemonsets",
    ("batch", "Job"): "apis/batch/v1/jobs",
    ("batch", "CronJob"): "apis/batch/v1/cronjobs",
}


class ObjectId(NamedTuple):
    """In the order of an inventory's entry."""

    namespace: str
    name: str
    group: str
    kind: str


class SeenPods:
    """The pods of the namespaces that are asked for, each list read once."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._pods = dict[str, list[PodObject]]()
        self._objects = dict[tuple[str, str], dict[str, Metadata]]()
        self._unreadable = dict[object, str]()

    def of(self, it: HelmReleaseObject) -> tuple[list[PostedImage], str | None]:
        """The images, and why some could not be seen."""
        inventory = {ObjectId(*each) for each in it.inventory()}
        namespaces = {each.namespace for each in inventory if each.namespace} or {it.target_namespace}
        found, unknown = Counter[tuple[str, str, str, str]](), set[str]()
        for namespace in sorted(namespaces):
            for pod in self._listed(namespace, unknown):
                if owner := self._owner(it, inventory, pod, unknown):
                    found.update((owner, *image) for image in pod.images())
        images = [PostedImage(*key, pods=number) for key, number in sorted(found.items())]
        return images, "; ".join(sorted(unknown)) or None

    def _owner(self, it: HelmReleaseObject, inventory: set[ObjectId], pod: PodObject, unknown: set[str]) -> str | None:
        """`Kind/name` of the HelmRelease's object that controls the pod; None: it is another's, or that is unknown."""
        above, namespace = pod.metadata, pod.metadata.namespace
        id = ObjectId(namespace, above.name, "", "Pod")
        for _ in range(DEEPEST):
            if id in inventory or (not inventory and _labelled(above, it)):
                return f"{id.kind}/{id.name}"
            owner = next((each for each in above.ownerReferences if each.controller), None)
            if owner is None:
                return None
            id = ObjectId(namespace, owner.name, owner.apiVersion.rpartition("/")[0], owner.kind)
            if id in inventory:
                continue
            path = LINKS.get((id.group, id.kind))
            if path is None:
                if any(each.group == id.group for each in inventory):
                    unknown.add(f"the owner of {id.kind} {id.name} is not followed")
                return None
            listed = self._metadata(path, namespace, unknown)
            if owner.name not in listed:
                return None
            above = listed[owner.name]
        return None

    def _listed(self, namespace: str, unknown: set[str]) -> list[PodObject]:
        with self._reading(namespace, unknown):
            if namespace not in self._pods and namespace not in self._unreadable:
                self._pods[namespace] = list(pods(self._api, namespace))
        return self._pods.get(namespace, [])

    def _metadata(self, path: str, namespace: str, unknown: set[str]) -> dict[str, Metadata]:
        key = path, namespace
        with self._reading(key, unknown):
            if key not in self._objects and key not in self._unreadable:
                self._objects[key] = {each.name: each for each in metadata(self._api, path, namespace)}
        return self._objects.get(key, {})

    @contextmanager
    def _reading(self, key: object, unknown: set[str]) -> Iterator[None]:
        """What may not be read is named for each HelmRelease that it concerns."""
        try:
            yield
        except httpx.HTTPStatusError as error:
            self._unreadable[key] = f"{error.request.url.path} answered {error.response.status_code}"
        if key in self._unreadable:
            unknown.add(self._unreadable[key])


def _labelled(it: Metadata, release: HelmReleaseObject) -> bool:
    named = it.labels.get(f"{LABEL}name"), it.labels.get(f"{LABEL}namespace")
    return named == (release.metadata.name, release.metadata.namespace)
