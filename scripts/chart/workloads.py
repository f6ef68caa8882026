"""Workloads that run no pod as they are rendered."""

from collections.abc import Iterator, Sequence

from .api.kinds import APPS, BATCH, kind_of
from .manifests import RenderedObject

_SCALED = {(APPS, kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet")}
_SUSPENDED = {(BATCH, kind) for kind in ("CronJob", "Job")}


def unseen(rendered: Sequence[RenderedObject]) -> Iterator[str]:
    """Sentences without a full stop."""
    for manifest in rendered:
        kind, spec = kind_of(manifest.object), manifest.object.get("spec")
        spec = spec if isinstance(spec, dict) else {}
        if kind in _SCALED and spec.get("replicas") == 0:
            yield f"when {manifest.name} runs: it has 0 replicas"
        elif kind in _SUSPENDED and spec.get("suspend") is True:
            yield f"when {manifest.name} runs: it is suspended"
