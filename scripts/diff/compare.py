"""Two renders of a chart, compared object by object: parsed, so order, comments and quotes do not count."""

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

from ..yaml.objects import Key, Object, by_key
from .lines import difference, dump

# They change with every version of the chart: a change of these alone, on the object itself, is of no interest.
VERSION_LABELS = {"helm.sh/chart", "chart", "app.kubernetes.io/version"}
ALIKE = 0.6  # from here on, a removed and an added object of one kind are one that was renamed


class ObjectChange(Struct, frozen=True):
    """`name` is `Kind/name`, of a renamed object `Kind/old -> new`; `lines` begin with a blank, +, - or @@."""

    what: Literal["added", "removed", "changed", "renamed", "version labels"]
    name: str
    lines: tuple[str, ...] = ()


def compare(before: Sequence[Object], after: Sequence[Object], namespace: str) -> list[ObjectChange]:
    """What differs, by name; `namespace` is that of objects without one of their own."""
    old, new = by_key(before, namespace), by_key(after, namespace)
    changes = [
        _changed(_name(key, namespace), old[key], new[key]) for key in old if key in new and _differ(old[key], new[key])
    ]
    removed, added = [key for key in old if key not in new], [key for key in new if key not in old]
    for key in [*removed]:
        twins = [(_alike(old[key], new[twin]), twin) for twin in added if twin[:2] == key[:2]]
        likeness, twin = max(twins, default=(0.0, key))
        if likeness >= ALIKE:
            removed.remove(key)
            added.remove(twin)
            name = f"{_name(key, namespace)} -> {twin[3]}"
            changes.append(ObjectChange("renamed", name, difference(old[key], new[twin])))
    changes += [ObjectChange("removed", _name(key, namespace), difference(old[key], {})) for key in removed]
    changes += [ObjectChange("added", _name(key, namespace), difference({}, new[key])) for key in added]
    return sorted(changes, key=lambda change: (change.what == "version labels", change.name))


def _name(key: Key, namespace: str) -> str:
    return f"{key[1]}/{key[3]}" + (f" in {key[2]}" if key[2] != namespace else "")


def _changed(name: str, before: Object, after: Object) -> ObjectChange:
    if not _differ(_without_version_labels(before), _without_version_labels(after)):
        return ObjectChange("version labels", name)
    return ObjectChange("changed", name, difference(before, after))


def _differ(before: Object, after: Object) -> bool:
    """To Python, `true` equals 1, and no `.nan` equals another."""
    return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)


def _without_version_labels(item: Object) -> Object:
    labels = item["metadata"].get("labels")
    if not isinstance(labels, dict):
        return item
    kept = {name: value for name, value in labels.items() if name not in VERSION_LABELS}
    return {**item, "metadata": {**item["metadata"], "labels": kept}}


def _alike(before: Object, after: Object) -> float:
    return SequenceMatcher(None, dump(before), dump(after)).ratio()
