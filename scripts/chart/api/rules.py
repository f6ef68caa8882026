"""Everything that the API server refuses by rules that hold in every cluster."""

from collections.abc import Iterator, Sequence

from ..findings import Finding
from ..manifests import RenderedObject
from . import fields, metadata, selectors, sizes, types, uniqueness

_OF_ONE = (metadata.findings, fields.findings, types.findings, uniqueness.findings, selectors.findings, sizes.findings)


def findings(manifests: Sequence[RenderedObject], namespace: str) -> Iterator[Finding]:
    """`namespace` is that of the release, for objects that name none."""
    for manifest in manifests:
        for rule in _OF_ONE:
            yield from rule(manifest)
    yield from uniqueness.of_objects(manifests, namespace)
