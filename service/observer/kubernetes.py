"""The Kubernetes API, as a pod reaches it with its ServiceAccount. It needs `list` on helmreleases and nothing else."""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from ..domain.snapshot import PostedRevision
from ..settings import SettingsError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PAGE = 200  # objects
SECONDS = 20  # for one request


class Metadata(Struct):
    namespace: str
    name: str
    uid: str = ""
    resourceVersion: str = ""  # noqa: N815 - Kubernetes' own spelling, and so below
    generation: int | None = None
    deletionTimestamp: str | None = None  # noqa: N815


class Test(Struct):
    enable: bool = False
    ignoreFailures: bool = False  # noqa: N815
    timeout: str | None = None


class Spec(Struct):
    suspend: bool = False
    timeout: str | None = None
    test: Test = msgspec.field(default_factory=Test)
    kubeConfig: Any = None  # noqa: N815


class ObjectCondition(Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    lastTransitionTime: datetime | None = None  # noqa: N815


class Status(Struct):
    observedGeneration: int | None = None  # noqa: N815
    conditions: list[ObjectCondition] = []
    history: list[PostedRevision] | None = None


class HelmReleaseObject(Struct):
    """What is read of it: https://fluxcd.io/flux/components/helm/helmreleases/."""

    metadata: Metadata
    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status = msgspec.field(default_factory=Status)


class ListMetadata(Struct):
    more: str = msgspec.field(name="continue", default="")


class HelmReleaseList(Struct):
    metadata: ListMetadata
    items: list[HelmReleaseObject]


_decode = msgspec.json.Decoder(HelmReleaseList).decode


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
    """All of a namespace, page by page: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks.

    Raises httpx.HTTPError, or msgspec.MsgspecError where an answer is not such a list.
    """
    more = ""
    while True:
        answer = api.get(
            f"/apis/helm.toolkit.fluxcd.io/v2/namespaces/{namespace}/helmreleases",
            params={"limit": PAGE, **({"continue": more} if more else {})},
        )
        answer.raise_for_status()
        page = _decode(answer.content)
        yield from page.items
        more = page.metadata.more
        if not more:
            return
