"""What may be there once: names inside an object, and the objects themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...yaml.document import Path
from ...yaml.objects import group_of
from ..containers import KEYS
from ..findings import Finding
from ..manifests import RenderedObject
from .kinds import CORE, at, kind_of, pods

_OWN_NAME = "Give each a name of its own."


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    for duplicate in manifest.duplicates:
        yield Finding(
            manifest.at(duplicate.path),
            f"stands twice, again on line {duplicate.line} of what the template renders; Flux refuses that",
            "Let the template write the key once.",
        )
    for path, pod in pods(manifest.object):
        spec = pod.get("spec")
        yield from _twice(manifest, [found for key in KEYS for found in at(spec, f"{key}.*.name", (*path, "spec"))])
        yield from _twice(manifest, list(at(spec, "volumes.*.name", (*path, "spec"))))
        for key in KEYS:
            for place, container in at(spec, f"{key}.*", (*path, "spec")):
                yield from _twice(manifest, list(at(container, "ports.*.name", place)))
    if kind_of(manifest.object) == (CORE, "Service"):
        yield from _twice(manifest, list(at(manifest.object, "spec.ports.*.name")))
        ports = list(at(manifest.object, "spec.ports.*"))
        for path, port in ports:
            if len(ports) > 1 and isinstance(port, dict) and not port.get("name"):
                yield Finding(manifest.at((*path, "name")), "is missing, and the Service has several ports", _OWN_NAME)


def of_objects(manifests: Sequence[RenderedObject], namespace: str) -> Iterator[Finding]:
    """Two objects of one identity. Hooks come and go one after the other, so that two of one name are no error."""
    first: dict[tuple[str, str, str, str], RenderedObject] = {}
    for manifest in manifests:
        metadata, kind = manifest.object["metadata"], manifest.kind
        name = metadata.get("name")
        if manifest.hooks or not name:
            continue
        identity = (group_of(manifest.object), kind, str(metadata.get("namespace") or namespace), str(name))
        other = first.setdefault(identity, manifest)
        if other is not manifest:
            yield Finding(
                f"{manifest.template}, {manifest.name}",
                f"is rendered by {other.template} too, and one would overwrite the other",
                "Give one of them another name, or let one template render it.",
            )


def _twice(manifest: RenderedObject, names: list[tuple[Path, Any]]) -> Iterator[Finding]:
    seen: list[Any] = []
    for path, name in names:
        if name and name in seen:
            yield Finding(manifest.at(path), f"is {name!r} a second time, which the API server refuses", _OWN_NAME)
        seen.append(name)
