"""Looks at the HelmReleases of a cluster and posts to the ledger what it saw: the second way for what events lose.

It reads with its pod's ServiceAccount, which needs `list` on helmreleases in each namespace and nothing else.
"""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ..domain.signature import signed
from ..settings import Setting, SettingsError, secret

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PAGE = 200
HISTORY = ("status", "lastDeployed", "chartName", "chartVersion", "ociDigest")
SECONDS = 20
SETTINGS = (
    Setting("LEDGER_URL", "", "The ledger's address."),
    Setting("ENVIRONMENT", "", "The environment that this cluster, or these namespaces, are."),
    Setting("FLUX_KEY", "", "The environment's key. FLUX_KEY_FILE names a file that holds it."),
    Setting("NAMESPACES", "", "The namespaces to read, separated by commas. Default: the pod's own."),
)


@dataclass(frozen=True)
class Observer:
    """What `observe` works with; `url`, `token` and `ca`, a file of certificates, are of the Kubernetes API."""

    ledger: str
    environment: str
    key: bytes
    namespaces: tuple[str, ...]
    url: str
    token: str
    ca: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> "Observer":
        """Raises SettingsError for what is missing."""
        host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
        ledger, name, key = (secret(it.name, environment) for it in SETTINGS[:3])
        if not ledger or not name or not key:
            raise SettingsError("LEDGER_URL, ENVIRONMENT and FLUX_KEY (or FLUX_KEY_FILE) are all needed")
        if not host:
            raise SettingsError("KUBERNETES_SERVICE_HOST is not set: observe runs in a pod")
        try:
            token, own = ((account / file).read_text().strip() for file in ("token", "namespace"))
        except OSError as error:
            raise SettingsError(f"the pod has no ServiceAccount token: {error}") from None
        named = [it.strip() for it in environment.get("NAMESPACES", "").split(",") if it.strip()]
        at = f"[{host}]" if ":" in host else host
        url, ca = f"https://{at}:{port}", account / "ca.crt"
        return cls(ledger.rstrip("/"), name, key.encode(), tuple(named or [own]), url, token, ca)


def observe(it: Observer) -> Iterator[str]:
    """Posts a snapshot of each namespace; yields a sentence for each that could not be read or posted."""
    headers = {"Authorization": f"Bearer {it.token}"}
    with httpx.Client(
        base_url=it.url, verify=ssl.create_default_context(cafile=it.ca), headers=headers, timeout=SECONDS
    ) as api:
        for namespace in it.namespaces:
            try:
                taken_at = datetime.now(UTC)
                found = [seen(item) for item in _list(api, namespace)]
                _post(it, {"taken_at": taken_at, "namespaces": [namespace], "helmreleases": found})
            except httpx.HTTPStatusError as error:
                yield f"{namespace}: {error.request.url} answered {error.response.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, KeyError, TypeError) as error:
                yield f"{namespace}: {type(error).__name__}: {error}"


def seen(item: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger needs of a HelmRelease."""
    metadata, status = item["metadata"], item.get("status") or {}
    ready = [it.get("status") == "True" for it in status.get("conditions") or [] if it.get("type") == "Ready"]
    return {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
        "ready": ready == [True],
        "history": [{key: entry[key] for key in HISTORY if key in entry} for entry in status.get("history") or []],
    }


def _list(api: httpx.Client, namespace: str) -> Iterator[dict[str, Any]]:
    """Page by page, as https://kubernetes.io/docs/reference/using-api/api-concepts/ has it."""
    more = ""
    while True:
        answer = api.get(
            f"/apis/helm.toolkit.fluxcd.io/v2/namespaces/{namespace}/helmreleases",
            params={"limit": PAGE, **({"continue": more} if more else {})},
        )
        answer.raise_for_status()
        page = msgspec.json.decode(answer.content)
        yield from page["items"]
        more = page["metadata"].get("continue", "")
        if not more:
            return


def _post(it: Observer, snapshot: dict[str, Any]) -> None:
    body = msgspec.json.encode(snapshot)
    headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signed(it.key, body)}"}
    url = f"{it.ledger}/hooks/flux/{it.environment}/snapshot"
    httpx.post(url, content=body, headers=headers, timeout=SECONDS).raise_for_status()
