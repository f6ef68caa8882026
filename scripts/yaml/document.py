"""A YAML file as PyYAML parses it, and the search for one node; refused wherever Helm could read something else.

One loader, libyaml's, since Helm's YAML library is a port of it: what one accepts the other accepts. A node of which
another place in the file holds an alias is never returned: its source begins with `&` (the anchor's node is what
PyYAML returns for `*alias` too), so that editing it would edit elsewhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from yaml import CSafeLoader, MappingNode, Node, ScalarNode, SequenceNode

from ..errors import Fault, Refused

Path = tuple[str | int, ...]

NULL = "tag:yaml.org,2002:null"
BOM = "\ufeff"
# Plain scalars that Helm's parser reads as a boolean, number or date, and PyYAML as text.
_GO_ALONE = re.compile(
    r"[yYnN]|[-+]?(\.[0-9]+|[0-9][0-9_]*\.?[0-9_]*)([eE][-+]?[0-9]+)?|[-+]?0[bBoOxX]\w*|[0-9]{4}-[0-9].*"
)


@dataclass(frozen=True)
class Document:
    """`text` is the file without its byte order mark; `root` is None where nothing but comments is in it."""

    text: str
    root: Node | None
    name: str
    fault: Fault

    def refused(self, what: str, remedy: str, *, path: Path = (), line: int | None = None) -> Refused:
        where = ", ".join([self.name, *([f"line {line}"] if line else []), *([shown(path)] if path else [])])
        return Refused(f"{where}: {what}.", remedy, fault=self.fault)

    def find(self, path: Path) -> Node | None:
        """The node at `path`, None where it or a node above it is absent or null."""
        node = self._own(self.root, ())
        for depth, key in enumerate(path):
            if node is None or is_null(node):
                return None
            node = self._own(self._child(node, key, path[: depth + 1]), path[: depth + 1])
        return node

    def _child(self, node: Node, key: str | int, path: Path) -> Node | None:
        if isinstance(node, SequenceNode) and isinstance(key, int):
            return node.value[key] if 0 <= key < len(node.value) else None
        if not isinstance(node, MappingNode) or isinstance(key, int):
            kind = kind_of(node)
            raise self.refused(
                f"{shown(path[:-1]) or 'the file'} holds {kind}, so there is no {shown(path)}",
                "Name the key as the file has it; a list's items are numbered from 0.",
                line=line(node),
            )
        keys = [name for name, _ in node.value if isinstance(name, ScalarNode)]
        for name in keys:
            if name.value == "<<":
                raise self.refused(
                    "a merge key `<<` brings in keys that are written elsewhere",
                    "Write the keys out where they are used.",
                    path=path,
                    line=line(name),
                )
        found = [name for name in keys if name.value == key]
        if len(found) > 1:
            lines = " and ".join(str(line(name)) for name in found)
            raise self.refused(f"the key stands on lines {lines}", "Remove all but one.", path=path)
        if found and not is_text(found[0]):
            raise self.refused("YAML reads the key as no text", "Put it in quotes.", path=path, line=line(found[0]))
        return next((child for name, child in node.value if found and name is found[0]), None)

    def _own(self, node: Node | None, path: Path) -> Node | None:
        """`node`, if it is written at its own place, plainly."""
        if node is None or self.text[node.start_mark.index : node.start_mark.index + 1] not in ("&", "!", "*"):
            return node
        raise self.refused(
            f"line {line(node)} has an anchor, an alias or a tag, so that an edit could change another place too",
            "Write the value out without `&`, `*` and `!`.",
            path=path,
        )


@lru_cache(16)
def parse(source: bytes, name: str, fault: Fault) -> Document:
    """Refuses what is not one document of YAML in UTF-8, naming the line."""
    unread = Document("", None, name, fault)
    try:
        text = source.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        at: int | None = source.count(b"\n", 0, error.start) + 1
        raise unread.refused("it is not UTF-8", "Save it as UTF-8.", line=at) from error
    try:
        return Document(text, yaml.compose(text, Loader=CSafeLoader), name, fault)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 1 if error.problem_mark else None
        raise unread.refused(f"it is not one document of YAML: {error.problem}", "Correct it.", line=at) from error
    except yaml.YAMLError as error:
        what = f"it cannot be read: {getattr(error, 'reason', error)}"
        raise unread.refused(what, "Remove control characters and the like.") from error


def line_of(source: bytes, path: Path, *, name: str, fault: Fault) -> int | None:
    """The line, from 1, on which the value at `path` begins; None where it is absent."""
    node = parse(source, name, fault).find(path)
    return None if node is None else line(node)


def facts(document: Document) -> Iterator[tuple[Path, str, Any]]:
    """Path, tag and value of every node in order; of an alias the path that it repeats, since sharing hides edits."""
    seen: dict[int, Path] = {}
    waiting: list[tuple[Path, Node]] = [((), document.root)] if document.root else []
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            yield path, "alias", seen[id(node)]
            continue
        seen[id(node)] = path
        yield path, node.tag, node.value if isinstance(node, ScalarNode) else None
        if isinstance(node, SequenceNode):
            children = [((*path, index), item) for index, item in enumerate(node.value)]
            waiting += reversed(children)
        elif isinstance(node, MappingNode):
            for key, value in reversed(node.value):
                name = key.value if isinstance(key, ScalarNode) else "?"
                waiting += [((*path, name), value), ((*path, name, "?"), key)]


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == NULL


def is_text(node: Node) -> bool:
    """Whether YAML reads the scalar as the text that is written there."""
    return isinstance(node, ScalarNode) and bool(node.style or reads_as_text(node.value))


def reads_as_text(plain: str) -> bool:
    """Whether a plain scalar is text for PyYAML and for Helm, not a number, boolean, date or null."""
    resolvers = CSafeLoader.yaml_implicit_resolvers.get(plain[:1], [])
    return not _GO_ALONE.fullmatch(plain) and not any(pattern.match(plain) for _, pattern in resolvers)


def kind_of(node: Node) -> str:
    return {"MappingNode": "a mapping", "SequenceNode": "a list"}.get(type(node).__name__, "a single value")


def line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def shown(path: Path) -> str:
    """`path` as a person writes it: dotted, `a."b.c"` where a key has a dot."""
    return ".".join(f'"{key}"' if isinstance(key, str) and "." in key else str(key) for key in path)
