"""What the ledger is sent of a namespace: no more of a HelmRelease than the ledger reads."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from ..domain.event import TEST_SECONDS, seconds_in
from ..domain.name_range import NameRange
from ..domain.snapshot import CONDITIONS, PostedCondition, PostedHelmRelease
from .objects import HelmReleaseObject
from .pods import OwnedPods

PART_BYTES = 256 * 1024  # of a body: some hundred HelmReleases, which the ledger takes well within its time limit
PART_NAMES = 250  # that are gone
Part = tuple[list[PostedHelmRelease], list[NameRange]]
encode = msgspec.json.Encoder().encode


def whole(namespace: str, released: Iterable[PostedHelmRelease]) -> Iterator[Part]:
    """All HelmReleases of a namespace, in parts that are not too large, each with the range of names that it covers."""
    pieces = list(_pieces(released)) or [[]]
    for piece, (begins, until) in zip(pieces, pairwise(["", *(it[0].name for it in pieces[1:]), ""]), strict=True):
        yield piece, [NameRange(namespace, begins, until)]


def changes(namespace: str, released: Iterable[PostedHelmRelease], gone: Iterable[str]) -> Iterator[Part]:
    """Those that have changed, and the names of those that are gone: each the only name of its range, since none ends
    with a dash."""
    for piece in _pieces(released):
        yield piece, []
    ranges = [NameRange(namespace, name, f"{name}-") for name in gone]
    for begin in range(0, len(ranges), PART_NAMES):
        yield [], ranges[begin : begin + PART_NAMES]


def _pieces(released: Iterable[PostedHelmRelease]) -> Iterator[list[PostedHelmRelease]]:
    piece, size = list[PostedHelmRelease](), 0
    for it in sorted(released, key=lambda it: it.name):
        more = len(encode(it))
        if piece and size + more > PART_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(it)
        size += more
    if piece:
        yield piece


def posted(it: HelmReleaseObject, pods: OwnedPods) -> PostedHelmRelease:
    metadata, spec, status = it.metadata, it.spec, it.status
    images, unknown = (None, None) if it.remote else pods.of(it)
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
        test_seconds=seconds_in(spec.test.timeout or spec.timeout) or TEST_SECONDS if spec.test.enable else None,
        remote=it.remote,
        conditions=[
            PostedCondition(each.type, each.status, each.reason, each.message, each.lastTransitionTime)
            for each in status.conditions
            if each.type in CONDITIONS
        ],
        history=status.history,
        images=images,
        images_unknown=unknown,
    )
