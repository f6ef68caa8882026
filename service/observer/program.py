"""Reads the HelmReleases of a cluster and posts to the ledger what is there: so it also learns what was in events that
were lost."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import msgspec

from ..domain.signature import signed
from .kubernetes import SECONDS, Kubernetes, helmreleases
from .pods import SeenPods
from .settings import ObserverSettings
from .snapshot import parts, snapshot


def observe(settings: ObserverSettings, kubernetes: Kubernetes) -> Iterator[str]:
    """Posts a snapshot of each namespace; yields a sentence for each that could not be read or posted."""
    with kubernetes.connected() as api:
        seen = SeenPods(api)
        for namespace in settings.namespaces or [kubernetes.namespace]:
            try:
                taken_at = datetime.now(UTC)
                found = helmreleases(api, namespace)
                whole = snapshot(namespace, found, taken_at, settings.round_seconds or None, seen)
                for body in parts(whole):
                    _post(settings, body)
            except httpx.HTTPStatusError as error:
                yield f"{namespace}: {error.request.url} answered {error.response.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as error:
                yield f"{namespace}: {type(error).__name__}: {error}"


def _post(settings: ObserverSettings, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signed(settings.flux_key, body)}"}
    url = f"{settings.ledger_url}/hooks/flux/{settings.environment}/snapshot"
    httpx.post(url, content=body, headers=headers, timeout=SECONDS).raise_for_status()
