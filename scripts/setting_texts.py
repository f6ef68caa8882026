"""Settings as texts: what a flag or a variable holds, and how it is written."""

from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct

from .errors import Refused


def form(kind: Any) -> str:
    """How the value of a setting of this type is written, for --help."""
    kinds = _plain_types(kind)
    if _is_table(kinds) and str not in kinds:
        return "KEY=VALUE,..."
    if tuple in kinds:
        return "TEXT,..."
    if bool in kinds:
        return "true|false"
    return "|".join(_choices(kind)) or "TEXT"


def parsed(kind: Any, text: str) -> Any:
    """The text of a variable or flag as waybill.toml has it: lists as `a,b`, tables as `key=value,key=value`."""
    kinds = _plain_types(kind)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if tuple in kinds and dict not in kinds:
        return words
    if _is_table(kinds) and (str not in kinds or "=" in text):
        return _table_of(word.partition("=")[::2] for word in words)
    if bool in kinds:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _table_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise Refused(f"{name} is given twice, as {found[name]} and as {value}.", "Give it once.", fault="you")
    return found


def _plain_types(kind: Any) -> set[type]:
    """`kind` without annotations and parameters, each part of a union by itself."""
    if get_origin(kind) is Annotated:
        return _plain_types(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return {plain for part in get_args(kind) for plain in _plain_types(part)}
    return {get_origin(kind) or kind}


def _is_table(kinds: set[type]) -> bool:
    return any(it is dict or (isinstance(it, type) and issubclass(it, Struct)) for it in kinds)


def _choices(kind: Any) -> tuple[str, ...]:
    """The words of a Literal, which may be one part of a union."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    parts = get_args(kind)[:1] if get_origin(kind) is Annotated else get_args(kind)
    return next((found for part in parts if (found := _choices(part))), ())
