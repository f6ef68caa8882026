"""The documents of a YAML file, each read and edited by itself: the others stay, byte for byte."""

import re
from collections.abc import Callable
from typing import Any

import yaml
from msgspec import Struct
from yaml import CSafeLoader

from ..errors import Fault, Refused
from .document import BOM, END, text_of
from .objects import read

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Piece(Struct, frozen=True):
    """A document: `source` is its text below as many empty lines as stand before it, so that a line has the number that
    it has in the file. text[start:end] of the file without its byte order mark is the document alone."""

    start: int
    end: int
    source: bytes
    value: Any


def pieces(source: bytes, *, name: str, fault: Fault) -> list[Piece]:
    """Every document of a file; what is no YAML in UTF-8 is refused."""
    text = text_of(source, name, fault)
    try:
        begins = [
            event.start_mark.index - event.start_mark.column
            for event in yaml.parse(text, Loader=CSafeLoader)
            if isinstance(event, yaml.DocumentStartEvent) and event.start_mark
        ]
        values = [document.value for document in read(text.encode())]
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}, line {mark.line + 1}" if mark else name
        what = " ".join(str(getattr(error, "problem", None) or error).split())
        raise Refused(f"{where}: it is no YAML: {what}.", "Correct it.", fault=fault) from error
    found = END.search(text)
    eol, bounds = found[0] if found else "\n", [0, *begins[1:], len(text)]
    return [
        Piece(start, end, (eol * len(_BREAK.findall(text, 0, start)) + text[start:end]).encode(), value)
        for start, end, value in zip(bounds, bounds[1:], values, strict=False)
    ]


def edited(source: bytes, piece: Piece, edit: Callable[[bytes], bytes]) -> bytes:
    """`source` with what `edit` makes of one of its pieces, none of whose empty lines in front it changes."""
    text, mark = source.decode("utf-8").removeprefix(BOM), BOM if source.startswith(BOM.encode()) else ""
    above = len(piece.source) - len(text[piece.start : piece.end].encode())
    new = edit(piece.source)[above:].decode()
    return (mark + text[: piece.start] + new + text[piece.end :]).encode()
