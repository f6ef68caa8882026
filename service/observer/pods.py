"""The images of each HelmRelease's pods: a pod is followed upwards, by its controllers, to an object of a HelmRelease.

That is one of its inventory (helm-controller 1.5.0 and later) or, without one, one with helm-controller's labels. What
may not be read is named, and nothing is concluded from it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..domain.snapshot import PostedImage
from .kubernetes import PODS, Kind, T
from .mirror import Mirrors
from .objects import HelmReleaseObject, Metadata, ObjectId, Partial, PodObject

LABEL = "helm.toolkit.fluxcd.io/"
DEEPEST = 8  # owners above a pod
# What may stand above a pod, and below an object of the HelmRelease, as what an operator makes of one.
LINKS = {
    ("apps", "ReplicaSet"): Kind("apis/apps/v1/replicasets", Partial),
    ("apps", "Deployment"): Kind("apis/apps/v1/deployments", Partial),
    ("apps", "StatefulSet"): Kind("apis/apps/v1/statefulsets", Partial),
    ("apps", "DaemonSet"): Kind("apis/apps/v1/daemonsets", Partial),
    ("batch", "Job"): Kind("apis/batch/v1/jobs", Partial),
    ("batch", "CronJob"): Kind("apis/batch/v1/cronjobs", Partial),
}
Place = tuple[str, str]  # the namespace and name of a HelmRelease


class OwnedPods:
    """Of these HelmReleases, as far as it was read. `wanted`: lists that have to be read for more."""

    def __init__(self, mirrors: Mirrors, released: Iterable[HelmReleaseObject]) -> None:
        self.wanted = set[tuple[Kind[Any], str]]()
        self._mirrors = mirrors
        self._claims = defaultdict[ObjectId, list[Place]](list)
        self._labelled = set[Place]()
        self._images = defaultdict[Place, Counter[tuple[str, str, str, str]]](Counter)
        self._unreadable = defaultdict[str, set[str]](set)  # by namespace
        self._strange = defaultdict[str, set[tuple[str, str]]](set)  # likewise: the group of an owner, and why
        for it in released:
            place = it.metadata.namespace, it.metadata.name
            inventory = it.inventory()
            for id in inventory:
                self._claims[id].append(place)
            if not inventory:
                self._labelled.add(place)
        for namespace in {namespace for it in released for namespace in it.namespaces}:
            for pod in self._listed(PODS, namespace).values():
                self._attribute(pod)

    def of(self, it: HelmReleaseObject) -> tuple[list[PostedImage], str | None]:
        """The images, and why some could not be seen."""
        groups = {each.group for each in it.inventory()}
        unknown = set[str]()
        for namespace in it.namespaces:
            unknown |= self._unreadable.get(namespace, set())
            unknown |= {text for group, text in self._strange.get(namespace, ()) if group in groups}
        found = self._images[it.metadata.namespace, it.metadata.name]
        images = [PostedImage(*key, pods=number) for key, number in sorted(found.items())]
        return images, "; ".join(sorted(unknown)) or None

    def _attribute(self, pod: PodObject) -> None:
        images = [*pod.images()]
        if images and (found := self._owner(pod)):
            owner, places = found
            for place in places:
                self._images[place].update((owner, *image) for image in images)

    def _owner(self, pod: PodObject) -> tuple[str, list[Place]] | None:
        """`Kind/name` of the object that controls the pod, and the HelmReleases that it is of; None: it is of none, or
        that is unknown."""
        above, namespace = pod.metadata, pod.metadata.namespace
        id = ObjectId(namespace, above.name, "", "Pod")
        for _ in range(DEEPEST):
            if places := self._claims.get(id) or self._by_label(above):
                return f"{id.kind}/{id.name}", places
            owner = next((each for each in above.ownerReferences if each.controller), None)
            if owner is None:
                return None
            id = ObjectId(namespace, owner.name, owner.apiVersion.rpartition("/")[0], owner.kind)
            if id in self._claims:
                continue
            kind = LINKS.get((id.group, id.kind))
            if kind is None:
                self._strange[namespace].add((id.group, f"the owner of {id.kind} {id.name} is not followed"))
                return None
            listed = self._listed(kind, namespace)
            if owner.name not in listed:
                return None
            above = listed[owner.name].metadata
        return None

    def _by_label(self, it: Metadata) -> list[Place]:
        named = it.labels.get(f"{LABEL}namespace", ""), it.labels.get(f"{LABEL}name", "")
        return [named] if named in self._labelled else []

    def _listed(self, kind: Kind[T], namespace: str) -> Mapping[str, T]:
        listed = self._mirrors.of(kind, namespace)
        if listed is not None:
            return listed
        if why := self._mirrors.unreadable.get(kind.url(namespace)):
            self._unreadable[namespace].add(why)
        else:
            self.wanted.add((kind, namespace))
        return {}
