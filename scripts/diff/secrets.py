"""Secrets as they may be shown: that a value changes, never the value."""

from typing import Any

from ..yaml.objects import Object

FIELDS = ("data", "stringData")


def veiled(before: Object, after: Object) -> tuple[Object, Object]:
    """Both without the data of a Secret; what is there before and changes is marked in the second."""
    if "Secret" not in (before.get("kind"), after.get("kind")):
        return before, after
    return _veil(before, {}), _veil(after, before)


def _veil(item: Object, earlier: Object) -> Object:
    shown = {field: _mark(item[field], earlier.get(field)) for field in FIELDS if field in item}
    return {**item, **shown}


def _mark(data: Any, earlier: Any) -> Any:
    if isinstance(data, dict):
        known = earlier if isinstance(earlier, dict) else {}
        return {key: _mark(str(value), str(known[key]) if key in known else None) for key, value in data.items()}
    return "(not shown)" if earlier in (None, data) else "(not shown, changed)"
