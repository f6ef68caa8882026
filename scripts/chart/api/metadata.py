"""Names, labels and annotations: k8s.io/apimachinery/pkg/api/validation/objectmeta.go."""

from collections.abc import Iterator
from typing import Any

from ...yaml.document import Path
from ..findings import Finding
from ..manifests import RenderedObject
from .complaint import checked, complaint, mapping
from .kinds import BATCH, DEFINITION, at, kind_of, name_rule, pods
from .words import annotation_key, dns_label, label_key, label_value

_ANNOTATIONS_LIMIT = 256 * 1024  # bytes, keys and values together
_CRON_JOB_LIMIT = 52  # characters: eleven are left for the names of its Jobs


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    yield from _identity(manifest)
    yield from _labels(manifest, ("metadata",), manifest.object["metadata"])
    for path, pod in pods(manifest.object):
        if path and isinstance(metadata := pod.get("metadata"), dict):
            yield from _labels(manifest, (*path, "metadata"), metadata)


def _identity(manifest: RenderedObject) -> Iterator[Finding]:
    metadata, kind = manifest.object["metadata"], kind_of(manifest.object)
    if not manifest.object.get("apiVersion"):
        yield Finding(manifest.at(("apiVersion",)), "is missing", "Say in the template which version the kind has.")
    name, path = metadata.get("name"), ("metadata", "name")
    if not name and not metadata.get("generateName"):
        yield Finding(manifest.at(path), "is missing", "Give the object a name in its template.")
    elif name:
        yield from checked(manifest, path, name, name_rule(kind))
    if kind == (BATCH, "CronJob") and isinstance(name, str) and len(name) > _CRON_JOB_LIMIT:
        yield complaint(manifest, path, name, f"it is longer than {_CRON_JOB_LIMIT} characters")
    if kind == DEFINITION and isinstance(spec := manifest.object.get("spec"), dict):
        needed = ".".join(str(part) for key in ("names.plural", "group") for _, part in at(spec, key))
        if name != needed:
            yield complaint(manifest, path, name, f"by its spec it is {needed}")
    yield from checked(manifest, ("metadata", "namespace"), metadata.get("namespace") or None, dns_label)


def _labels(manifest: RenderedObject, path: Path, metadata: dict[str, Any]) -> Iterator[Finding]:
    yield from mapping(manifest, (*path, "labels"), metadata.get("labels"), label_key, label_value)
    place, annotations = (*path, "annotations"), metadata.get("annotations")
    yield from mapping(manifest, place, annotations, annotation_key)
    texts = [text for pair in annotations.items() for text in pair] if isinstance(annotations, dict) else []
    size = sum(len(text.encode()) for text in texts if isinstance(text, str))
    if size > _ANNOTATIONS_LIMIT:
        yield Finding(
            manifest.at(place),
            f"hold {size:,} bytes, and the API server takes {_ANNOTATIONS_LIMIT:,}",
            "Keep large texts in a ConfigMap.",
        )
