"""The values of a HelmRelease, as helm-controller puts them together of what a folder builds.

https://fluxcd.io/flux/components/helm/helmreleases/#values-references
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from ..yaml.objects import Object, at, read


class Values(Struct):
    """`merged` are those of `config_maps`, each with the name of its ConfigMap, and above them the HelmRelease's own;
    `unseen` is what else it takes values from."""

    merged: dict[str, Any] = field(default_factory=dict)
    config_maps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def values_of(release: Object, objects: Sequence[Object]) -> Values:
    """What a Secret holds is not read: a difference could show it."""
    found, spec = Values(), release.get("spec") or {}
    for it in spec.get("valuesFrom") or []:
        name, held = str(it.get("name")), _held(it, release, objects)
        if held is None:
            found.unseen.append(f"{it.get('kind')} {name}")
        else:
            found.config_maps.append((name, held))
            found.merged = merged(found.merged, held)
    found.merged = merged(found.merged, spec.get("values") or {})
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are put together, all else of `above` takes the place of what is below."""
    result = dict(below)
    for key, value in above.items():
        there = result.get(key)
        result[key] = merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return result


def _held(it: Mapping[str, Any], release: Object, objects: Sequence[Object]) -> dict[str, Any] | None:
    """The values of one reference; None where a folder does not build them as a whole."""
    if it.get("kind") != "ConfigMap" or it.get("targetPath"):
        return None
    texts = list(_texts(str(it.get("name")), str(it.get("valuesKey") or "values.yaml"), release, objects))
    if len(texts) != 1 or not isinstance(texts[0], str):
        return None
    try:
        documents = [document.value for document in read(texts[0].encode())]
    except ValueError:
        return None
    return documents[0] if len(documents) == 1 and isinstance(documents[0], dict) else None


def _texts(name: str, key: str, release: Object, objects: Sequence[Object]) -> Iterator[Any]:
    space = release["metadata"].get("namespace")
    for item in objects:
        metadata = item["metadata"]
        if (item["kind"], metadata.get("name"), metadata.get("namespace")) == ("ConfigMap", name, space):
            yield at(item, "data", key)
