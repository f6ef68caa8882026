"""What the ledger is sent of a namespace: no more of a HelmRelease than the ledger reads."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from ..domain.event import tests_in
from ..domain.snapshot import CONDITIONS, NameRange, PostedCondition, PostedHelmRelease, Snapshot
from .kubernetes import HelmReleaseObject
from .pods import SeenPods

PART_BYTES = 1024 * 1024  # of a body: a quarter of what the ledger takes
_encode = msgspec.json.Encoder().encode


def snapshot(
    namespace: str,
    found: Iterable[HelmReleaseObject],
    taken_at: datetime,
    round_seconds: int | None = None,
    pods: SeenPods | None = None,
) -> Snapshot:
    """`found` are all HelmReleases of the namespace; `taken_at` is the time before the first was read."""
    released = [posted(it, pods) for it in found]
    return Snapshot(taken_at, released, [NameRange(namespace)], round_seconds=round_seconds)


def parts(whole: Snapshot) -> Iterator[bytes]:
    """A snapshot of one namespace as bodies that are not too large, each with the range of names that it covers."""
    [whole_range] = whole.ranges
    released = sorted(whole.helmreleases, key=lambda it: it.name)
    begins, part, size = "", list[PostedHelmRelease](), 0
    for it in released:
        more = len(_encode(it))
        if part and size + more > PART_BYTES:
            yield _encode(replace(whole, helmreleases=part, ranges=[replace(whole_range, from_=begins, until=it.name)]))
            begins, part, size = it.name, [], 0
        part.append(it)
        size += more
    yield _encode(replace(whole, helmreleases=part, ranges=[replace(whole_range, from_=begins)]))


def posted(it: HelmReleaseObject, pods: SeenPods | None) -> PostedHelmRelease:
    metadata, spec, status = it.metadata, it.spec, it.status
    images, unknown = pods.of(it) if pods and spec.kubeConfig is None else (None, None)
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
        images=images,
        images_unknown=unknown,
    )
