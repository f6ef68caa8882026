"""The objects of a rendered chart, and what identifies each."""

from collections.abc import Sequence
from typing import Any

import yaml
from yaml import CSafeLoader, ScalarNode

Object = dict[str, Any]
# (API group, kind, namespace, name, how many of the same came before)
Key = tuple[str, str, str, str, int]


class _Loader(CSafeLoader):
    """Reads scalars as Kubernetes does, to whose YAML library a date, `=` and `22:30` are text."""


def _number(loader: CSafeLoader, node: ScalarNode) -> Any:
    if ":" in node.value:
        return node.value
    return loader.construct_yaml_int(node) if node.tag.endswith("int") else loader.construct_yaml_float(node)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith((":timestamp", ":value"))]
    for first, known in CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def parse(manifests: bytes) -> list[Object]:
    """The objects in many YAML documents, also those inside Lists. Raises ValueError for what is no object."""
    try:
        documents = list(yaml.load_all(manifests, Loader=_Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from error
    objects = [item for document in documents if document for item in _items(document)]
    for number, found in enumerate(objects, 1):
        metadata = found.get("metadata") if isinstance(found, dict) else None
        if not isinstance(metadata, dict) or not isinstance(found.get("kind"), str):
            raise ValueError(f"document {number} has no kind or no metadata")
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
