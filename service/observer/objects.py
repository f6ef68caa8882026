"""What is read of Kubernetes' objects, and no more of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from ..domain.snapshot import PostedRevision

T = TypeVar("T")


class Metadata(Struct):
    namespace: str
    name: str
    uid: str = ""
    resourceVersion: str = ""  # noqa: N815 - Kubernetes' own spelling, and so below
    generation: int | None = None
    deletionTimestamp: str | None = None  # noqa: N815
    labels: dict[str, str] = {}
    ownerReferences: list["Owner"] = []  # noqa: N815


class Owner(Struct):
    apiVersion: str  # noqa: N815
    kind: str
    name: str
    controller: bool = False


class Test(Struct):
    enable: bool = False
    ignoreFailures: bool = False  # noqa: N815
    timeout: str | None = None


class Spec(Struct):
    suspend: bool = False
    timeout: str | None = None
    test: Test = msgspec.field(default_factory=Test)
    kubeConfig: Any = None  # noqa: N815
    targetNamespace: str = ""  # noqa: N815


class ObjectCondition(Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    lastTransitionTime: datetime | None = None  # noqa: N815


class ObjectId(NamedTuple):
    """An object of an inventory, in the order of the entry `<namespace>_<name>_<group>_<kind>`."""

    namespace: str
    name: str
    group: str
    kind: str


class InventoryEntry(Struct):
    id: str


class Inventory(Struct):
    entries: list[InventoryEntry] = []


class Status(Struct):
    observedGeneration: int | None = None  # noqa: N815
    conditions: list[ObjectCondition] = []
    history: list[PostedRevision] | None = None
    inventory: Inventory | None = None


class HelmReleaseObject(Struct):
    """What is read of it: https://fluxcd.io/flux/components/helm/helmreleases/."""

    metadata: Metadata
    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status = msgspec.field(default_factory=Status)

    @property
    def remote(self) -> bool:
        """It is for another cluster."""
        return self.spec.kubeConfig is not None

    def inventory(self) -> list[ObjectId]:
        """Empty: an older controller, or no action since the newer."""
        entries = self.status.inventory.entries if self.status.inventory else []
        return [ObjectId(*parts) for each in entries if len(parts := each.id.split("_")) == 4]

    @property
    def namespaces(self) -> set[str]:
        """Where its objects are."""
        found = {each.namespace for each in self.inventory() if each.namespace}
        return found or {self.spec.targetNamespace or self.metadata.namespace}


class Container(Struct):
    name: str
    image: str = ""


class PodSpec(Struct):
    containers: list[Container] = []
    initContainers: list[Container] = []  # noqa: N815


class ContainerState(Struct):
    running: Any = None
    terminated: Any = None


class ContainerStatus(Struct):
    name: str
    imageID: str = ""  # noqa: N815
    state: ContainerState = msgspec.field(default_factory=ContainerState)
    lastState: ContainerState = msgspec.field(default_factory=ContainerState)  # noqa: N815


class PodStatus(Struct):
    phase: str = ""
    containerStatuses: list[ContainerStatus] = []  # noqa: N815
    initContainerStatuses: list[ContainerStatus] = []  # noqa: N815


class PodObject(Struct):
    metadata: Metadata
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)

    def images(self) -> Iterator[tuple[str, str, str]]:
        """Container, image as asked for, and as its kubelet says that it runs. Not of pods that are finished or about
        to be, nor of containers that have not started: those that start again and again have."""
        if self.metadata.deletionTimestamp or self.status.phase in ("Succeeded", "Failed"):
            return
        asked = {it.name: it.image for it in (*self.spec.containers, *self.spec.initContainers)}
        for it in (*self.status.containerStatuses, *self.status.initContainerStatuses):
            again = it.lastState.terminated is not None and it.state.terminated is None
            if it.imageID and (it.state.running is not None or again) and it.name in asked:
                yield it.name, asked[it.name], it.imageID


class ListMetadata(Struct):
    resourceVersion: str = ""  # noqa: N815
    more: str = msgspec.field(name="continue", default="")


class ObjectList(Struct, Generic[T]):
    metadata: ListMetadata
    items: list[T] = []


class Partial(Struct):
    """Of an object of which only the metadata is asked for."""

    metadata: Metadata


class Bookmark(Struct):
    """How far a watch has come."""

    metadata: ListMetadata


class WatchEvent(Struct):
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes."""

    type: str
    object: msgspec.Raw
