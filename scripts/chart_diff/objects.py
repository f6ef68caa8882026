"""The objects that a render makes, and what tells one from another."""

from collections.abc import Sequence
from typing import Any

import yaml

Object = dict[str, Any]
# (API group, kind, namespace, name, how many of the same came before)
Key = tuple[str, str, str, str, int]


def parse(manifests: bytes) -> list[Object]:
    """The objects of a text with many YAML documents, those in Lists too. ValueError for what is no object."""
    try:
        documents = list(yaml.load_all(manifests, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from error
    objects = [item for document in documents if document for item in _items(document)]
    for found in objects:
        metadata = found.get("metadata") if isinstance(found, dict) else None
        if not isinstance(metadata, dict) or not isinstance(found.get("kind"), str):
            raise ValueError("a document is no Kubernetes object")
    return objects


def _items(document: Any) -> list[Any]:
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return [item for part in document["items"] for item in _items(part)]
    return [document]


def by_key(objects: Sequence[Object], namespace: str) -> dict[Key, Object]:
    found: dict[Key, Object] = {}
    for item in objects:
        metadata = item["metadata"]
        group = str(item.get("apiVersion", "")).rpartition("/")[0]
        name = str(metadata.get("name") or metadata.get("generateName") or "")
        key = (group, item["kind"], str(metadata.get("namespace") or namespace), name)
        count = sum(1 for other in found if other[:4] == key)
        found[*key, count] = item
    return found
