"""Reads the HelmReleases of a cluster and posts to the ledger what is there: so it also learns what was in events that
were lost."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import msgspec

from ..domain.signature import signed
from ..domain.snapshot import Snapshot
from .kubernetes import SECONDS, Kubernetes, helmreleases
from .settings import ObserverSettings
from .snapshot import snapshot


def observe(settings: ObserverSettings, kubernetes: Kubernetes) -> Iterator[str]:
    """Posts a snapshot of each namespace; yields a sentence for each that could not be read or posted."""
    with kubernetes.connected() as api:
        for namespace in settings.namespaces or [kubernetes.namespace]:
            try:
                taken_at = datetime.now(UTC)
                _post(settings, snapshot(namespace, helmreleases(api, namespace), taken_at))
            except httpx.HTTPStatusError as error:
                yield f"{namespace}: {error.request.url} answered {error.response.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as error:
                yield f"{namespace}: {type(error).__name__}: {error}"


def _post(settings: ObserverSettings, taken: Snapshot) -> None:
    body = msgspec.json.encode(taken)
    headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signed(settings.flux_key, body)}"}
    url = f"{settings.ledger_url}/hooks/flux/{settings.environment}/snapshot"
    httpx.post(url, content=body, headers=headers, timeout=SECONDS).raise_for_status()
