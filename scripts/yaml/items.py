"""Adds an item to a list of a YAML file. Every byte that is there stays."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from yaml import MappingNode, SequenceNode

from ..errors import Fault
from .document import END, Document, Path, parse
from .objects import read


class _Flow(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


# In quotes every text is text, for whatever reads it.
_Flow.add_representer(str, lambda it, text: it.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def prepend(source: bytes, path: Path, item: Mapping[str, Any] | str, *, name: str, fault: Fault) -> bytes:
    """`source` with `item`, on one line, as the first one of the list at `path`; an absent list is added to its
    mapping, and that, where it would be at the top, to the file."""
    document = parse(source, name, fault)
    line = yaml.dump(item, Dumper=_Flow, default_flow_style=True, width=10**6, sort_keys=False).strip()
    at, new = _insertion(document, path, line)
    begins = len(source) - len(document.text.encode())  # a byte order mark
    edited = source[:begins] + (document.text[:at] + new + document.text[at:]).encode()
    try:
        right = _value(edited) == _with(_value(source), path, item)
    except (TypeError, ValueError):
        right = False
    if not right:
        raise document.refused(
            "nothing can be added to the list without changing more", "Write it as a list of lines.", path=path
        )
    return edited


def _insertion(document: Document, path: Path, line: str) -> tuple[int, str]:
    """Where a text is to be inserted, and which."""
    text, node, above = document.text, document.find(path), document.find(path[:-1])
    found = END.search(text)
    eol = found[0] if found else "\n"
    if isinstance(node, SequenceNode):
        start = node.start_mark
        if node.flow_style:
            return start.index + 1, line + (", " if node.value else "")
        return start.index, f"- {line}{eol}{' ' * start.column}"
    if isinstance(above, MappingNode) and not above.flow_style:
        indent = " " * above.start_mark.column
        parent = document.find(path[:-2])
        key = next(key for key, value in getattr(parent, "value", []) if value is above)
        behind = END.search(text, key.end_mark.index)
        return behind.end() if behind else len(text), f"{indent}{path[-1]}:{eol}{indent}  - {line}{eol}"
    return len(text), f"{path[0]}:{eol}  {path[-1]}:{eol}    - {line}{eol}"


def _value(source: bytes) -> Any:
    (document,) = read(source)
    if document.duplicates:
        raise ValueError("A key stands twice.")
    return document.value


def _with(value: Any, path: Path, item: Mapping[str, Any] | str) -> Any:
    """`value` with `item` in it."""

    def added(part: Any, left: Sequence[str | int]) -> Any:
        if not left:
            return [item, *(part or [])]
        if isinstance(left[0], int):
            return [added(it, left[1:]) if index == left[0] else it for index, it in enumerate(part)]
        return {**(part or {}), left[0]: added((part or {}).get(left[0]), left[1:])}

    return added(value, path)
