"""The objects of a rendered chart, read as Kubernetes reads them, and what identifies each."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from msgspec import Struct, field
from yaml import CSafeLoader, MappingNode, Node, ScalarNode

from .document import Path, line
from .scalars import plain

Object = dict[str, Any]
# (API group, kind, namespace, name, how many of the same came before)
Key = tuple[str, str, str, str, int]

LARGEST = 2**20  # nodes of a document
_PLAIN = "plain"
_RESOLVED = {_PLAIN, *(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "float", "int", "null"))}


class _Loader(CSafeLoader):
    """Marks plain scalars; `plain` gives their value."""


_Loader.yaml_implicit_resolvers = {None: [(_PLAIN, re.compile(""))]}


class Duplicate(Struct, frozen=True):
    """A key that stands twice in one mapping: the last one wins in Helm, and Flux, which reads it with Kustomize,
    refuses it. `line` is that of the second one, from 1."""

    path: Path
    line: int


class Read(Struct):
    """One YAML document: its value, and the duplicate keys in it."""

    value: Any = None
    duplicates: list[Duplicate] = field(default_factory=list)


def read(text: bytes) -> Iterator[Read]:
    """Every document. Raises ValueError for text that is not YAML."""
    try:
        for node in yaml.compose_all(text, Loader=_Loader):
            if b"*" in text and _size(node, {}) > LARGEST:
                raise ValueError("its aliases stand for too much")
            found = Read()
            found.value = _value(node, (), found.duplicates, {})
            yield found
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _size(node: Node, known: dict[int, int]) -> int:
    """How many nodes it is with its aliases written out."""
    if isinstance(node, ScalarNode):
        return 1
    if id(node) not in known:
        pairs = node.value if isinstance(node, MappingNode) else [[item] for item in node.value]
        known[id(node)] = 1 + sum(_size(part, known) for pair in pairs for part in pair)
    return known[id(node)]


def _value(node: Node, path: Path, duplicates: list[Duplicate], known: dict[int, Any]) -> Any:
    if isinstance(node, ScalarNode):
        return plain(node.value) if node.tag in _RESOLVED else node.value
    # An alias is the anchor's own node.
    if id(node) in known:
        return known[id(node)]
    if not isinstance(node, MappingNode):
        value: Any = [_value(item, (*path, index), duplicates, known) for index, item in enumerate(node.value)]
    else:
        merged: dict[str, Any] = {}
        value = {}
        for name, item in node.value:
            if name.tag == _PLAIN and name.value == "<<":
                found = _value(item, (*path, "<<"), duplicates, known)
                for part in reversed(found if isinstance(found, list) else [found]):
                    merged |= part if isinstance(part, dict) else {}
                continue
            key = _key(name)
            if key in value:
                duplicates.append(Duplicate((*path, key), line(name)))
            value[key] = _value(item, (*path, key), duplicates, known)
        value = merged | value if merged else value
    known[id(node)] = value
    return value


def _key(node: Node) -> str:
    key = _value(node, (), [], {}) if isinstance(node, ScalarNode) else None
    if key is None:
        raise ValueError(f"line {line(node)}: a key is no text")
    if isinstance(key, bool):
        return str(key).lower()
    return f"{key:.7g}" if isinstance(key, float) else str(key)


def parse(manifests: bytes) -> list[Object]:
    """The objects in many YAML documents, also those inside Lists. Raises ValueError for anything else."""
    objects = [item for document in read(manifests) if document.value for item in items(document.value)]
    for number, found in enumerate(objects, 1):
        if not isinstance(at(found, "metadata"), dict) or not isinstance(found.get("kind"), str):
            raise ValueError(f"document {number} has no kind or no metadata")
    return objects


def items(document: Any) -> list[Any]:
    """What a document holds: itself, or the items of a list. Those of a ConfigMapList need not say what they are."""
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return [document]
    kind = document.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List"):
        return [document]
    own = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")} if kind != "List" else {}
    return [item for part in document["items"] for item in items({**own, **part} if isinstance(part, dict) else part)]


def at(item: Any, *keys: Any) -> Any:
    """What stands at `keys`, the one within the other; None where nothing does."""
    for key in keys:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def group_of(item: Object) -> str:
    """The API group, "" for the core one."""
    return str(item.get("apiVersion") or "").rpartition("/")[0]


def by_key(objects: Sequence[Object], namespace: str) -> dict[Key, Object]:
    found: dict[Key, Object] = {}
    count: Counter[tuple[str, str, str, str]] = Counter()
    for item in objects:
        metadata = item["metadata"]
        name = str(metadata.get("name") or metadata.get("generateName") or "")
        key = (group_of(item), item["kind"], str(metadata.get("namespace") or namespace), name)
        found[*key, count[key]] = item
        count[key] += 1
    return found
