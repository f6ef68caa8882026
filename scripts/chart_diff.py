"""What a release changes in the objects that a cluster gets: two renders of a chart, compared object by object.

Compared are the parsed objects, so order, comments and quotes do not count. The data of Secrets is never shown.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import yaml

Object = dict[str, Any]
# (API group, kind, namespace, name, how many of the same key came before)
Key = tuple[str, str, str, str, int]

# Follow every version of the chart; on the object itself a change of these alone tells a reviewer nothing.
VERSION_LABELS = {"helm.sh/chart", "app.kubernetes.io/version"}
CONTEXT = 3  # lines around a change
ALIKE = 0.6  # a removed and an added object of one kind that have so much in common are one that was renamed


@dataclass(frozen=True)
class Change:
    """`name` is `Kind/name`, of a renamed object `Kind/old -> new`; `lines` begin with a blank, +, - or @@."""

    what: Literal["added", "removed", "changed", "renamed", "version labels"]
    name: str
    lines: tuple[str, ...] = ()


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


def compare(before: Sequence[Object], after: Sequence[Object], namespace: str) -> list[Change]:
    """What differs, by name; `namespace` is that of the objects which say none."""
    old, new = _by_key(before, namespace), _by_key(after, namespace)
    changes = [_changed(_name(key, namespace), old[key], new[key]) for key in old if old[key] != new.get(key, old[key])]
    removed, added = [key for key in old if key not in new], [key for key in new if key not in old]
    for key in [*removed]:
        twins = [(_alike(old[key], new[twin]), twin) for twin in added if twin[:2] == key[:2]]
        likeness, twin = max(twins, default=(0.0, key))
        if likeness >= ALIKE:
            removed.remove(key)
            added.remove(twin)
            name = f"{_name(key, namespace)} -> {twin[3]}"
            changes.append(Change("renamed", name, _difference(old[key], new[twin])))
    changes += [Change("removed", _name(key, namespace), _difference(old[key], {})) for key in removed]
    changes += [Change("added", _name(key, namespace), _difference({}, new[key])) for key in added]
    return sorted(changes, key=lambda change: (change.what == "version labels", change.name))


def _items(document: Any) -> list[Any]:
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return [item for part in document["items"] for item in _items(part)]
    return [document]


def _by_key(objects: Sequence[Object], namespace: str) -> dict[Key, Object]:
    found: dict[Key, Object] = {}
    for item in objects:
        metadata = item["metadata"]
        group = str(item.get("apiVersion", "")).rpartition("/")[0]
        name = str(metadata.get("name") or metadata.get("generateName") or "")
        key = (group, item["kind"], str(metadata.get("namespace") or namespace), name)
        count = sum(1 for other in found if other[:4] == key)
        found[*key, count] = item
    return found


def _name(key: Key, namespace: str) -> str:
    return f"{key[1]}/{key[3]}" + (f" in {key[2]}" if key[2] != namespace else "")


def _changed(name: str, before: Object, after: Object) -> Change:
    if _without_version_labels(before) == _without_version_labels(after):
        return Change("version labels", name)
    return Change("changed", name, _difference(before, after))


def _without_version_labels(item: Object) -> Object:
    labels = item["metadata"].get("labels")
    if not isinstance(labels, dict):
        return item
    kept = {name: value for name, value in labels.items() if name not in VERSION_LABELS}
    return {**item, "metadata": {**item["metadata"], "labels": kept}}


def _alike(before: Object, after: Object) -> float:
    return SequenceMatcher(None, _dump(before), _dump(after)).ratio()


def _difference(before: Object, after: Object) -> tuple[str, ...]:
    """The changed lines of both as YAML with some context; `@@` names the keys that a run of lines lies below."""
    old, new = (_dump(item) for item in _veiled(before, after))
    lines: list[str] = []
    for group in SequenceMatcher(None, old, new, autojunk=len(new) > 5000).get_grouped_opcodes(CONTEXT):
        below = _keys_above(old or new, group[0][1] if old else 0)
        lines += [f"@@ {below} @@"] if below else []
        for what, i, j, k, n in group:
            if what == "equal":
                lines += [f" {line}" for line in old[i:j]]
            else:
                lines += [f"-{line}" for line in old[i:j]] + [f"+{line}" for line in new[k:n]]
    return tuple(lines)


def _keys_above(lines: Sequence[str], index: int) -> str:
    """`spec.template.spec.containers` for a line below those keys."""
    keys: list[str] = []
    depth = _depth(lines[index]) if index < len(lines) else 0
    for line in reversed(lines[:index]):
        if _depth(line) < depth and line.endswith(":"):
            depth = _depth(line)
            keys.append(line.lstrip(" -").rstrip(":"))
    return ".".join(reversed(keys))


def _depth(line: str) -> int:
    """List items lie at their key's own column in PyYAML's output, so their dash counts as half a step."""
    stripped = line.lstrip(" ")
    return 2 * (len(line) - len(stripped)) + stripped.startswith("- ")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _dump(item: Object) -> list[str]:
    if not item:
        return []
    return yaml.dump(item, Dumper=_Dumper, sort_keys=True, width=10**6, allow_unicode=True).splitlines()


def _veiled(before: Object, after: Object) -> tuple[Object, Object]:
    """Both with the data of a Secret replaced by whether it changes."""
    if "Secret" not in (before.get("kind"), after.get("kind")):
        return before, after
    before, after = copy.deepcopy(before), copy.deepcopy(after)
    for field in ("data", "stringData"):
        old, new = before.get(field), after.get(field)
        if old is not None and not isinstance(old, dict):
            before[field] = old = {"": old}
        if new is not None and not isinstance(new, dict):
            after[field] = new = {"": new}
        for key in {*(old or {}), *(new or {})}:
            same = (old or {}).get(key, None) == (new or {}).get(key, None)
            if old and key in old:
                old[key] = "(not shown)"
            if new and key in new:
                new[key] = "(not shown)" if same or not old or key not in old else "(not shown, changed)"
    return before, after
