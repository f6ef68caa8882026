"""The objects that YAML files of a GitOps repo hold, and where each stands: a document, or an item of a List."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ..errors import Refused
from ..yaml.document import Path as Keys
from ..yaml.document import line_of
from ..yaml.objects import at
from ..yaml.stream import Piece, pieces


class Located(Struct, frozen=True):
    """`keys` lead to it in the document `piece`; kind and name are "" where it has none."""

    file: str
    kind: str
    name: str
    value: Any
    piece: Piece
    keys: Keys = ()

    @property
    def line(self) -> int | None:
        """Where its metadata begin, from 1; None where that cannot be told."""
        try:
            return line_of(self.piece.source, (*self.keys, "metadata"), name=self.file, fault="gitops")
        except Refused:
            return None


def objects_in(file: str, data: bytes) -> list[Located]:
    """All of one file; what is no YAML is refused."""
    every = pieces(data, name=file, fault="gitops")
    return [
        Located(file, *_identity(value), value, piece, keys) for piece in every for keys, value in _items(piece.value)
    ]


def objects_of(kind: str, files: Iterable[tuple[str, bytes]]) -> Iterator[Located]:
    """Those of a kind in `files`, each a path and its content; none of what is no YAML, which is refused where it is
    built."""
    for file, data in files:
        try:
            found = objects_in(file, data) if kind.encode() in data else []
        except Refused:
            continue
        yield from (it for it in found if it.kind == kind)


def _items(value: Any) -> Iterator[tuple[Keys, Any]]:
    """kustomize builds the items of a List as if each were a document."""
    items = value.get("items") if isinstance(value, dict) and str(value.get("kind")).endswith("List") else None
    if isinstance(items, list):
        yield from ((("items", index), item) for index, item in enumerate(items))
    else:
        yield (), value


def _identity(value: Any) -> tuple[str, str]:
    return str(at(value, "kind") or ""), str(at(value, "metadata", "name") or "")
