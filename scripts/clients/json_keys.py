"""JSON that Go and Waybill read alike: Go's encoding/json takes `Layers` for `layers`, and the last of two keys."""

import json
from typing import Any, get_args

import msgspec


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with every key that is written in it."""


def refuse_ambiguous(body: bytes, shape: Any) -> None:
    """Raises ValueError for a key that stands twice, and for one that is a field of the Struct `shape` in other
    letters."""
    try:
        _check(json.loads(body, object_pairs_hook=_Pairs), shape)
    except RecursionError as error:
        raise ValueError(str(error)) from error


def _check(value: Any, shape: Any) -> None:
    if isinstance(value, _Pairs):
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(shape)} if shape else {}
        folded = {name.casefold(): name for name in fields}
        seen: set[str] = set()
        for key, part in value:
            if key in seen or folded.get(key.casefold(), key) != key:
                raise ValueError(f"the key {key!r} can be read in two ways")
            seen.add(key)
            _check(part, _struct_in(fields.get(key)))
    elif isinstance(value, list):
        for part in value:
            _check(part, shape)


def _struct_in(kind: Any) -> Any:
    """The Struct in a type such as `list[Struct]` or `Struct | None`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next(filter(None, map(_struct_in, get_args(kind))), None)
