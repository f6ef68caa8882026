"""What the ledger is sent of a namespace: no more of a HelmRelease than the ledger reads."""

from collections.abc import Iterable
from datetime import datetime

from ..domain.snapshot import SeenHelmRelease, Snapshot
from .kubernetes import HelmReleaseObject


def snapshot(namespace: str, found: Iterable[HelmReleaseObject], taken_at: datetime) -> Snapshot:
    """`found` are all HelmReleases of the namespace; `taken_at` is the time before the first was read."""
    return Snapshot(taken_at, [namespace], [_seen(it) for it in found])


def _seen(it: HelmReleaseObject) -> SeenHelmRelease:
    history = it.status.history if it.status else None
    return SeenHelmRelease(it.metadata.namespace, it.metadata.name, history or [])
