"""What the ledger is sent of a namespace: no more of a HelmRelease than the ledger reads."""

from collections.abc import Iterable
from datetime import datetime

from ..domain.event import tests_in
from ..domain.snapshot import CONDITIONS, NameRange, PostedCondition, PostedHelmRelease, Snapshot
from .kubernetes import HelmReleaseObject


def snapshot(
    namespace: str,
    found: Iterable[HelmReleaseObject],
    taken_at: datetime,
    round_seconds: int | None = None,
) -> Snapshot:
    """`found` are all HelmReleases of the namespace; `taken_at` is the time before the first was read."""
    released = [posted(it) for it in found]
    return Snapshot(taken_at, released, [NameRange(namespace)], round_seconds=round_seconds)


def posted(it: HelmReleaseObject) -> PostedHelmRelease:
    metadata, spec, status = it.metadata, it.spec, it.status
    return PostedHelmRelease(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resourceVersion,
        generation=metadata.generation,
        observed_generation=status.observedGeneration,
        deletion_timestamp=metadata.deletionTimestamp,
        suspended=spec.suspend,
        tests=spec.test.enable,
        tests_ignored=spec.test.ignoreFailures,
        test_seconds=tests_in(spec.test.timeout or spec.timeout or "true") if spec.test.enable else None,
        remote=spec.kubeConfig is not None,
        conditions=[
            PostedCondition(each.type, each.status, each.reason, each.message, each.lastTransitionTime)
            for each in status.conditions
            if each.type in CONDITIONS
        ],
        history=status.history,
    )
