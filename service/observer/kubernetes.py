"""The Kubernetes API, as a pod reaches it with its ServiceAccount. It only lists and watches."""

import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import httpx
import msgspec

from ..settings import SettingsError
from .objects import HelmReleaseObject, Metadata, ObjectList, Partial, PodObject, WatchEvent

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PAGE = 200  # objects
SECONDS = 20  # for one request
QUIET = 90  # seconds without a word on a watch: the API server sends a bookmark about every minute
ONLY_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"


class HasMetadata(Protocol):
    metadata: Metadata


T = TypeVar("T", bound=HasMetadata)


class Kind(Generic[T]):
    """`path`: as `apis/apps/v1/replicasets`. `type`: what is read of an object; Partial asks for no more."""

    def __init__(self, path: str, type: type[T]) -> None:
        self.group, _, self.plural = path.rpartition("/")
        self.only_metadata = type is Partial
        self.read: Any = msgspec.json.Decoder(type).decode
        self.read_list: Any = msgspec.json.Decoder(ObjectList[type]).decode  # type: ignore[valid-type]

    def url(self, namespace: str) -> str:
        return f"/{self.group}/namespaces/{namespace}/{self.plural}"

    def headers(self, form: str) -> dict[str, str]:
        return {"Accept": ONLY_METADATA.format(form)} if self.only_metadata else {}


HELMRELEASES = Kind("apis/helm.toolkit.fluxcd.io/v2/helmreleases", HelmReleaseObject)
PODS = Kind("api/v1/pods", PodObject)


class _Account(httpx.Auth):
    """The kubelet renews the token's file within the hour."""

    def __init__(self, token: Path) -> None:
        self.token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.token.read_text().strip()}"
        yield request


@dataclass(frozen=True)
class Kubernetes:
    """`account`: a folder with the files `token`, and `ca.crt` with the certificates that the API's is checked with.
    `namespace`: the pod's own."""

    url: str
    account: Path
    namespace: str

    @classmethod
    def of_pod(cls, environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> "Kubernetes":
        """Raises SettingsError outside of a pod, or in one without a ServiceAccount token."""
        host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            raise SettingsError("KUBERNETES_SERVICE_HOST is not set: run `observe` in a pod of the cluster")
        try:
            _, namespace = ((account / file).read_text().strip() for file in ("token", "namespace"))
        except OSError as error:
            raise SettingsError(
                f"this pod has no ServiceAccount token ({error.filename} cannot be read: {error.strerror}); "
                "set automountServiceAccountToken"
            ) from None
        at = f"[{host}]" if ":" in host else host
        return cls(f"https://{at}:{port}", account, namespace)

    @property
    def cluster(self) -> str:
        """What tells the cluster from others: the authority that its certificates come from, of which each has its own.
        It may change, as certificates do."""
        return hashlib.sha256((self.account / "ca.crt").read_bytes()).hexdigest()[:16]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[httpx.AsyncClient]:
        context = ssl.create_default_context(cafile=self.account / "ca.crt")
        async with httpx.AsyncClient(
            base_url=self.url,
            verify=context,
            auth=_Account(self.account / "token"),
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=None),  # a watch holds one
        ) as client:
            yield client


async def listed(api: httpx.AsyncClient, kind: Kind[T], namespace: str) -> tuple[list[T], str]:
    """All of a namespace, and the resourceVersion as of which. Page by page:
    https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks.

    Raises httpx.HTTPError, or msgspec.MsgspecError where an answer is not such a list.
    """
    found, more = list[T](), ""
    while True:
        params = {"limit": str(PAGE), **({"continue": more} if more else {})}
        answer = await api.get(kind.url(namespace), params=params, headers=kind.headers("List"))
        answer.raise_for_status()
        page: ObjectList[T] = kind.read_list(answer.content)
        found += page.items
        more = page.metadata.more
        if not more:
            return found, page.metadata.resourceVersion


async def watched(api: httpx.AsyncClient, kind: Kind[Any], namespace: str, version: str) -> AsyncIterator[WatchEvent]:
    """What changes after `version`, until the API server closes the watch. Raises httpx.HTTPError."""
    params = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version}
    timeout = httpx.Timeout(SECONDS, read=QUIET)
    async with api.stream("GET", kind.url(namespace), params=params, headers=kind.headers(""), timeout=timeout) as it:
        it.raise_for_status()
        rest = b""
        async for piece in it.aiter_bytes():  # a line may hold what other readers of lines take for its end
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield _event(line)


_event = msgspec.json.Decoder(WatchEvent).decode
