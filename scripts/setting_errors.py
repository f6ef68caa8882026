"""What is wrong with the settings, in words: the key, what was given, what is allowed, and the nearest word."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from .clients.process import censor
from .errors import Refused, unknown_key

PLAIN = {str: "a text", bool: "true or false", dict: "a table", tuple: "a list"}
MOST = 60
Fits = Callable[[Any], bool]


def refusal(table: Mapping[str, Any], settings: type[Struct]) -> Refused:
    """Of a table that is none of `settings`; the first value that is wrong is named."""
    kinds = {it.encode_name: it.type for it in msgspec.structs.fields(settings)}

    def fits(value: Any) -> bool:
        # Of a whole Struct alone: msgspec 0.22 frees the pattern of a union that it is given by itself.
        try:
            msgspec.convert(value, settings)
        except msgspec.ValidationError:
            return False
        return True

    found = (_within(key, value, kinds[key], _under(fits, key)) for key, value in table.items())
    what, near = next(it for each in found for it in each)
    return Refused(
        f"The settings are not right: {what}.",
        f"{near}Correct the key in waybill.toml, its WAYBILL_ variable or its flag.",
        fault="you",
    )


def _within(key: str, value: Any, kind: Any, fits: Fits) -> Iterator[tuple[str, str]]:
    """The innermost values below `key` that are wrong: what each is and may be, and the word that was meant."""
    if fits(value):
        return
    inner = [it for each in _alternatives(kind) for it in _inner(key, value, each, fits)]
    if inner:
        yield from inner
        return
    choices = [it for each in _alternatives(kind) if get_origin(each) is Literal for it in get_args(each)]
    near = get_close_matches(str(value), choices, 1)
    yield f"`{key}` is {_shown(value)}, and may be {_allowed(kind)}", f'Did you mean "{near[0]}"? ' if near else ""


def _inner(key: str, value: Any, kind: Any, fits: Fits) -> Iterator[tuple[str, str]]:
    bare = _bare(kind)
    arguments = get_args(bare)
    if isinstance(value, dict) and get_origin(bare) is dict:
        for name, item in value.items():
            if fits({"a": item}):
                yield from _within(f"name in {key}", name, arguments[0], _named(fits, item))
            yield from _within(f"{key}.{name}", item, arguments[1], _under(fits, "a"))
    elif isinstance(value, dict) and isinstance(bare, type) and issubclass(bare, Struct):
        fields = {it.encode_name: it.type for it in msgspec.structs.fields(bare)}
        for name, item in value.items():
            if name not in fields:
                raise unknown_key(f"[{key}]", name, fields)
            yield from _within(f"{key}.{name}", item, fields[name], _under(fits, name))
    elif isinstance(value, list) and get_origin(bare) is tuple:
        for item in value:
            yield from _within(key, item, arguments[0], lambda it: fits([it]))


def _under(fits: Fits, name: str) -> Fits:
    return lambda value: fits({name: value})


def _named(fits: Fits, value: Any) -> Fits:
    return lambda name: fits({name: value})


def _alternatives(kind: Any) -> list[Any]:
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else _of_annotated(kind)
    return [it for it in parts if it is not NoneType]


def _of_annotated(kind: Any) -> list[Any]:
    """A union that carries a description is its parts."""
    bare = _bare(kind)
    return _alternatives(bare) if bare is not kind and get_origin(bare) in (Union, UnionType) else [kind]


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _allowed(kind: Any) -> str:
    return " or ".join(dict.fromkeys(map(_one, _alternatives(kind))))


def _one(kind: Any) -> str:
    """A form says what it is in its title; without one it is any value of its type."""
    forms = [it.title for it in getattr(kind, "__metadata__", ()) if isinstance(it, Meta) and it.title]
    bare = _bare(kind)
    if get_origin(bare) is Literal:
        return f"one of {', '.join(get_args(bare))}"
    return forms[0] if forms else PLAIN.get(get_origin(bare) or bare, "a table")


def _shown(value: Any) -> str:
    """As JSON has it, which TOML's values look like, without credentials; of a long one the beginning."""
    text = censor(msgspec.json.encode(value, enc_hook=str).decode())
    return text if len(text) <= MOST else f"{text[:MOST]}..."
