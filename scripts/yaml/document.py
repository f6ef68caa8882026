"""A YAML file as PyYAML parses it, and the search for one node; refused wherever Helm could read something else.

One loader, libyaml's, since Helm's YAML library is a port of it: what one accepts the other accepts. A node of which
another place in the file holds an alias is never returned, since editing it would edit elsewhere, nor one that a merge
key brings in.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml
from msgspec import Struct
from yaml import CSafeLoader, MappingNode, Node, ScalarNode, SequenceNode

from ..errors import Fault, Refused

Path = tuple[str | int, ...]

NULL = "tag:yaml.org,2002:null"
BOM = "\ufeff"
END = re.compile("\r\n|[\n\r]")  # of a line as editors show it; YAML has more
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s*")
# Plain scalars that Helm's parser reads as a boolean, number or date, and PyYAML as text.
_GO_ALONE = re.compile(
    r"[yYnN]|[-+]?(\.[0-9]+|[0-9][0-9_]*\.?[0-9_]*)([eE][-+]?[0-9]+)?|[-+]?0[bBoOxX]\w*|[0-9]{4}-[0-9].*"
)


class Document(Struct, frozen=True):
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
        found = [name for name in keys if name.value == key]
        for name, value in node.value:
            # Which of both wins, where the written one comes first, YAML libraries disagree about.
            if (
                _is_merge(name)
                and key in _merged(value)
                and not (found and found[0].start_mark.index > name.start_mark.index)
            ):
                raise self.refused(
                    f"the merge key `<<` brings in {key}, which is written elsewhere",
                    f"Write {key} out below the merge key.",
                    path=path,
                    line=line(name),
                )
        if len(found) > 1:
            lines = " and ".join(str(line(name)) for name in found)
            raise self.refused(f"the key stands on lines {lines}", "Remove all but one.", path=path)
        if found and not is_text(found[0]):
            raise self.refused("YAML reads the key as no text", "Put it in quotes.", path=path, line=line(found[0]))
        return next((child for name, child in node.value if found and name is found[0]), None)

    def _own(self, node: Node | None, path: Path) -> Node | None:
        """`node`, if it is written at its own place, plainly, and nowhere else. An anchor that nothing uses is none."""
        if node is None or self.text[node.start_mark.index :][:1] not in ("&", "!", "*"):
            return node
        aliases = {where: anchor for where, tag, anchor in facts(self) if tag == "alias"}
        feeds = [shown(where) for where, anchor in aliases.items() if anchor == path]
        if path in aliases:
            what = f"it is an alias of {shown(aliases[path])} on line {line(node)}, which an edit would change too"
        elif feeds:
            what = f"the anchor on line {line(node)} feeds {' and '.join(feeds)}, which an edit would change too"
        elif not self.text[self.begin(node) :].startswith(("!", "&")):
            return node
        else:
            what = f"line {line(node)} has a tag, which says how the value is read"
        raise self.refused(what, "Write the value out without `&`, `*` and `!`.", path=path)

    def begin(self, node: Node) -> int:
        """Where the value itself begins, behind its anchor."""
        start = int(node.start_mark.index)
        found = _ANCHOR.match(self.text, start)
        return found.end() if found else start


def _is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.value == "<<" and not key.style


def _merged(node: Node) -> set[str]:
    """The keys that the value of a merge key brings in."""
    if isinstance(node, SequenceNode):
        return {key for item in node.value for key in _merged(item)}
    if not isinstance(node, MappingNode):
        return set()
    further = {key for name, value in node.value if _is_merge(name) for key in _merged(value)}
    return further | {name.value for name, _ in node.value if isinstance(name, ScalarNode)}


@lru_cache(16)
def parse(source: bytes, name: str, fault: Fault) -> Document:
    """Refuses what is not one document of YAML in UTF-8, naming the line."""
    unread, text = Document("", None, name, fault), text_of(source, name, fault)
    try:
        return Document(text, yaml.compose(text, Loader=CSafeLoader), name, fault)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 1 if error.problem_mark else None
        raise unread.refused(f"it is not one document of YAML: {error.problem}", "Correct it.", line=at) from error


def text_of(source: bytes, name: str, fault: Fault) -> str:
    """Without its byte order mark. Refuses what is not UTF-8, and characters that YAML does not have."""
    unread = Document("", None, name, fault)
    try:
        text = source.decode("utf-8").removeprefix(BOM)
        yaml.reader.Reader(text)
    except UnicodeDecodeError as error:
        at = source.count(b"\n", 0, error.start) + 1
        raise unread.refused("it is not UTF-8", "Save it as UTF-8.", line=at) from error
    except yaml.reader.ReaderError as error:
        at, what = text.count("\n", 0, error.position) + 1, f"it has the character U+{error.character:04X}"
        raise unread.refused(what, "Remove control characters and the like.", line=at) from error
    return text


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
