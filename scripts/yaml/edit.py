"""Reads and sets one scalar of a YAML file. The edit is a splice at the parser's marks: every other byte stays."""

import json
import re
from itertools import filterfalse
from typing import cast

from msgspec import Struct
from yaml import MappingNode, Node, ScalarNode

from ..errors import Fault, Refused
from .document import BOM, END, Document, Path, facts, is_null, is_text, line, parse, reads_as_text, shown

__all__ = ["Path", "has", "read", "set_scalar"]

_PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9./_+@:~-]*(?<!:)")
_TRUE = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class _Splice(Struct, frozen=True):
    """text[start:end] becomes `new`; `top` is the path of the outermost node that changes or is new."""

    start: int
    end: int
    new: str
    top: Path


def read(source: bytes, path: Path, *, name: str = "the file", fault: Fault = "chart") -> str | None:
    """The text of the scalar at `path`; None where it is absent, null or empty. A number or boolean is given as it is
    written. Refused: a mapping or list there, and whatever could be read in two ways."""
    document = parse(source, name, fault)
    node = document.find(path)
    if node is None or is_null(node):
        return None
    return _scalar(document, node, path).value or None


def has(source: bytes, path: Path, *, name: str = "the file", fault: Fault = "chart") -> bool:
    """Whether something other than null stands at `path`."""
    node = parse(source, name, fault).find(path)
    return node is not None and not is_null(node)


def set_scalar(
    source: bytes,
    path: Path,
    value: str | bool,
    *,
    quoted: bool = False,
    after: str | None = None,
    mappings: int = 1,
    name: str = "the file",
    fault: Fault = "chart",
) -> bytes:
    """`source` with `value` at `path`; the very same bytes where it is there already.

    The quotes of the present value stay; a plain one gets double quotes when `quoted`, or when YAML would read the new
    one as something else than this text. A missing key is added to its mapping, after the sibling `after`, else after
    the last one that ends on its own line; of missing mappings as many as `mappings` are added with it.
    """
    if not path:
        raise ValueError("An empty path names the whole file.")
    if isinstance(value, str) and not value.isprintable():
        raise Refused(f"{value!r} cannot be written to {name}.", "Use printable characters, on one line.", fault="you")
    quoted = quoted and isinstance(value, str)
    document = parse(source, name, fault)
    splice = _splice(document, path, value, quoted, after=after, mappings=mappings)
    if splice is None:
        return source
    text = document.text[: splice.start] + splice.new + document.text[splice.end :]
    edited = (BOM if source.startswith(BOM.encode()) else "").encode() + text.encode()
    _verify(document, edited, splice.top, (path, value, quoted))
    return edited


def _splice(
    document: Document, path: Path, value: str | bool, quoted: bool, *, after: str | None = None, mappings: int = 1
) -> _Splice | None:
    node = document.find(path)
    if node is None:
        return _insertion(document, path, value, after, mappings)
    scalar = _scalar(document, node, path)
    if _holds(scalar, value) and not (quoted and not scalar.style):
        return None
    start, end = document.begin(scalar), scalar.end_mark.index
    if scalar.start_mark.line != scalar.end_mark.line or scalar.style in ("|", ">"):
        raise document.refused(
            "the value goes over more than one line", "Write it on one line.", path=path, line=line(scalar)
        )
    if start >= end:
        gap = "" if document.text[:start].endswith((" ", "\t", "\n")) else " "
        return _Splice(start, start, gap + _written(value, '"'), path)
    return _Splice(start, end, _written(value, '"' if quoted and not scalar.style else scalar.style), path)


def _insertion(document: Document, path: Path, value: str | bool, after: str | None, mappings: int) -> _Splice:
    present = path[:-1]
    while present and document.find(present) is None:
        present = present[:-1]
    mapping, new = document.find(present), path[len(present) :]
    if len(new) > mappings + 1 or not all(isinstance(key, str) for key in new):
        raise document.refused(
            f"{shown(path[: len(present) + 1])} is missing", f"Add {shown(path)} to the file.", path=path
        )
    top, text = path[: len(present) + 1], document.text
    of_json = text.lstrip()[:1] == "{" and text.lstrip("{ \t\r\n").startswith('"')
    *outer, key = (json.dumps(key) if of_json else _key(str(key)) for key in new)
    pair = f"{key}: " + _written(value, '"')
    if mapping is not None and is_null(mapping) and present:
        span, gap = (document.begin(mapping), max(document.begin(mapping), mapping.end_mark.index)), ""
        if span[0] == span[1] and not text[: span[0]].endswith((" ", "\t", "\n")):
            gap = " "
        return _Splice(*span, f"{gap}{{{_in_flow(outer, pair)}}}", present)
    found = END.search(text)
    eol = found.group() if found else "\n"
    if mapping is None or is_null(mapping):
        gap = eol if text and not END.fullmatch(text[-1]) else ""
        return _Splice(len(text), len(text), f"{gap}{_in_block(outer, pair, eol)}{eol}", ())
    mapping = cast(MappingNode, mapping)  # whatever else stands there, `find` has refused
    if mapping.flow_style:
        return _into_flow(document, mapping, _in_flow(outer, pair), top, after)
    first = mapping.value[0][0].start_mark  # the mapping's own may be that of an anchor, on the line above
    indent = " " * first.column
    block = _in_block(outer, pair, f"{eol}{indent}")
    sibling = _sibling(document, mapping, after, one_line=True)
    if sibling is None:
        return _Splice(first.index, first.index, f"{block}{eol}{indent}", top)
    end = END.search(text, sibling.end_mark.index)
    if end is None:
        return _Splice(len(text), len(text), f"{eol}{indent}{block}", top)
    return _Splice(end.end(), end.end(), f"{indent}{block}{end.group()}", top)


def _in_flow(outer: list[str], pair: str) -> str:
    return "".join(f"{key}: {{" for key in outer) + pair + "}" * len(outer)


def _in_block(outer: list[str], pair: str, eol: str) -> str:
    """`eol` begins a line of the outermost mapping."""
    return "".join(f"{key}:{eol}{'  ' * depth}" for depth, key in enumerate(outer, 1)) + pair


def _into_flow(document: Document, mapping: MappingNode, pair: str, top: Path, after: str | None) -> _Splice:
    sibling = _sibling(document, mapping, after, one_line=False)
    if sibling is not None:
        return _Splice(sibling.end_mark.index, sibling.end_mark.index, f", {pair}", top)
    start = document.begin(mapping) + 1
    return _Splice(start, start, f"{pair}, " if mapping.value else pair, top)


def _sibling(document: Document, mapping: MappingNode, after: str | None, *, one_line: bool) -> Node | None:
    """The value behind which a new key can stand: of `after` if possible, else the last. An anchored or aliased value
    can be marked elsewhere in the file."""
    fit = [
        (key, value)
        for key, value in mapping.value
        if document.text[value.start_mark.index : value.start_mark.index + 1] not in ("&", "!", "*")
        and (not one_line or value.start_mark.line == value.end_mark.line)
    ]
    named = [value for key, value in fit if after is not None and key.value == after]
    return next(iter(named), fit[-1][1] if fit else None)


def _verify(document: Document, edited: bytes, top: Path, edit: tuple[Path, str | bool, bool]) -> None:
    """Reads the result again: only `top` may differ, and a second edit would change nothing."""
    path, value, quoted = edit
    try:
        result = parse(edited, document.name, document.fault)
        node = result.find(path)
        inside = lambda fact: fact[0][: len(top)] == top  # noqa: E731
        right = (
            node is not None
            and _holds(node, value)
            and _splice(result, path, value, quoted) is None
            and list(filterfalse(inside, facts(document))) == list(filterfalse(inside, facts(result)))
        )
    except Refused:
        right = False
    if not right:
        raise document.refused(
            f"the edit cannot be made without changing more than {shown(path)}",
            "Write the key and a value in quotes on a line of their own.",
            path=path,
        )


def _scalar(document: Document, node: Node, path: Path) -> ScalarNode:
    if isinstance(node, ScalarNode):
        return node
    kind = "a mapping" if isinstance(node, MappingNode) else "a list"
    raise document.refused(
        f"it holds {kind}, not a single value", "Name the key of one value.", path=path, line=line(node)
    )


def _holds(node: Node, value: str | bool) -> bool:
    if isinstance(value, bool):
        return not getattr(node, "style", "") and _TRUE.get(str(node.value).lower()) is value
    return is_text(node) and node.value == value


def _written(value: str | bool, style: str | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    return value if not style and _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(value: str) -> bool:
    return bool(_PLAIN.fullmatch(value)) and reads_as_text(value)


def _key(key: str) -> str:
    return key if _is_plain(key) else json.dumps(key, ensure_ascii=False)
