"""Adds a key to a table of a TOML file. Every byte that is there stays."""

import json
import re
import tomllib
from typing import Any

from .errors import Refused

_BREAK = re.compile("\r\n|\n")


def with_key(source: bytes, table: tuple[str, str], key: str, value: str, *, name: str) -> bytes:
    """`source` with `key` in [table.table]; refused where the table has another value, or nothing can be added to it
    without changing more."""
    try:
        text = source.decode()
        present = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"{name} cannot be read: {error}.", "Correct the file.", fault="you") from error
    header, pair = f"[{'.'.join(table)}]", f"{key} = {json.dumps(value, ensure_ascii=False)}"
    inside = _inside(present, table)
    if (said := inside.get(key)) == value:
        return source
    if said is not None:
        raise Refused(
            f"{name} says {key} = {said!r} in {header}, not {value!r}.",
            f"Correct it there: `{pair}`.",
            fault="you",
        )
    found = _BREAK.search(text)
    eol = found[0] if found else "\n"
    dotted = r"[ \t]*\.[ \t]*".join(map(_word, table))
    if begins := re.search(rf"^[ \t]*\[[ \t]*{dotted}[ \t]*\][^\r\n]*(\r?\n|$)", text, re.MULTILINE):
        at, new = begins.end(), f"{'' if begins[1] else eol}{pair}{eol if begins[1] else ''}"
    else:
        gap = eol if not text or text.endswith("\n") else eol * 2
        at, new = len(text), f"{gap}{header}{eol}{pair}{eol}"
    edited = text[:at] + new + text[at:]
    if _read(edited) != _with(present, table, {**inside, key: value}):
        raise Refused(
            f"{key} cannot be added to {name} without changing more.",
            f"Write `{pair}` into its table {header}.",
            fault="you",
        )
    return edited.encode()


def _word(name: str) -> str:
    return rf"(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')"


def _inside(present: Any, table: tuple[str, str]) -> dict[str, Any]:
    for name in table:
        present = present.get(name, {}) if isinstance(present, dict) else {}
    return present if isinstance(present, dict) else {}


def _with(present: dict[str, Any], table: tuple[str, str], value: dict[str, Any]) -> dict[str, Any]:
    above, name = table
    inner = present.get(above)
    return {**present, above: {**(inner if isinstance(inner, dict) else {}), name: value}}


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
