"""The Kubernetes API, as a pod reaches it with its ServiceAccount. It only lists: HelmReleases, pods,
and what owns pods."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx
import msgspec
from msgspec import Struct

from ..domain.snapshot import PostedRevision
from ..settings import SettingsError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PAGE = 200  # objects
SECONDS = 20  # for one request
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
    def target_namespace(self) -> str:
        return self.spec.targetNamespace or self.metadata.namespace

    def inventory(self) -> list[list[str]]:
        """Namespace, name, group and kind of each object; none: an older controller, or no action since the newer."""
        entries = self.status.inventory.entries if self.status.inventory else []
        return [parts for each in entries if len(parts := each.id.split("_")) == 4]


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
    more: str = msgspec.field(name="continue", default="")


class ObjectList(Struct, Generic[T]):
    metadata: ListMetadata
    items: list[T] = []


class Partial(Struct):
    """Of an object of which only the metadata is asked for."""

    metadata: Metadata


_helmreleases = msgspec.json.Decoder(ObjectList[HelmReleaseObject]).decode
_pods = msgspec.json.Decoder(ObjectList[PodObject]).decode
_partials = msgspec.json.Decoder(ObjectList[Partial]).decode
ONLY_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@dataclass(frozen=True)
class Kubernetes:
    """`namespace`: the pod's own. `ca`: a file with the certificates that the API's is checked with."""

    url: str
    token: str
    ca: Path
    namespace: str

    @classmethod
    def of_pod(cls, environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> "Kubernetes":
        """Raises SettingsError outside of a pod, or in one without a ServiceAccount token."""
        host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            raise SettingsError("KUBERNETES_SERVICE_HOST is not set: run `observe` in a pod of the cluster")
        try:
            token, namespace = ((account / file).read_text().strip() for file in ("token", "namespace"))
        except OSError as error:
            raise SettingsError(
                f"this pod has no ServiceAccount token ({error.filename} cannot be read: {error.strerror}); "
                "set automountServiceAccountToken"
            ) from None
        at = f"[{host}]" if ":" in host else host
        return cls(f"https://{at}:{port}", token, account / "ca.crt", namespace)

    @contextmanager
    def connected(self) -> Iterator[httpx.Client]:
        context = ssl.create_default_context(cafile=self.ca)
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, verify=context, headers=headers, timeout=SECONDS) as client:
            yield client


def helmreleases(api: httpx.Client, namespace: str) -> Iterator[HelmReleaseObject]:
    """All of a namespace. Raises httpx.HTTPError, or msgspec.MsgspecError where an answer is not such a list."""
    yield from _pages(api, f"/apis/helm.toolkit.fluxcd.io/v2/namespaces/{namespace}/helmreleases", _helmreleases)


def pods(api: httpx.Client, namespace: str) -> Iterator[PodObject]:
    yield from _pages(api, f"/api/v1/namespaces/{namespace}/pods", _pods)


def metadata(api: httpx.Client, path: str, namespace: str) -> Iterator[Metadata]:
    """Of all objects of a kind, whose `path` is as `apis/apps/v1/replicasets`."""
    group, _, kind = path.rpartition("/")
    found = _pages(api, f"/{group}/namespaces/{namespace}/{kind}", _partials, {"Accept": ONLY_METADATA})
    yield from (it.metadata for it in found)


def _pages(
    api: httpx.Client, path: str, decode: Callable[[bytes], ObjectList[T]], headers: Mapping[str, str] | None = None
) -> Iterator[T]:
    """Page by page: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks."""
    more = ""
    while True:
        answer = api.get(path, params={"limit": PAGE, **({"continue": more} if more else {})}, headers=headers)
        answer.raise_for_status()
        page = decode(answer.content)
        yield from page.items
        more = page.metadata.more
        if not more:
            return
