"""Workloads that run no pod as they are rendered, or not each time."""

from collections.abc import Iterator, Sequence

from .api.kinds import APPS, BATCH, CORE, kind_of
from .manifests import DEPLOYS, RenderedObject

_SCALED = {(APPS, kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet")}
_SUSPENDED = {(BATCH, kind) for kind in ("CronJob", "Job")}
_RUNNING = {(BATCH, "Job"), (CORE, "Pod")}


def unseen(rendered: Sequence[RenderedObject]) -> Iterator[str]:
    """Sentences without a full stop."""
    for manifest in rendered:
        kind, spec = kind_of(manifest.object), manifest.object.get("spec")
        spec = spec if isinstance(spec, dict) else {}
        if kind in _SCALED and spec.get("replicas") == 0:
            yield f"when {manifest.name} runs: it has 0 replicas"
        elif kind in _SUSPENDED and spec.get("suspend") is True:
            yield f"when {manifest.name} runs: it is suspended"
        if kind in _RUNNING and len(moments := {it.rpartition("-")[2] for it in manifest.hooks & DEPLOYS}) == 1:
            yield f"whether {manifest.name} runs: Helm runs it only with an {moments.pop()}"
