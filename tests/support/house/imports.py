"""Reads what a package's modules import, and what its layers allow."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

Layers = Sequence[set[str]]


def imports(file: Path, top: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that `file` imports; what is relative as if `top` were a package of no name:
    `.ledger.tokens`, so that it cannot be taken for another distribution.
    """
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.ImportFrom):
            folder = file.parents[node.level - 1]
            parts = [*folder.relative_to(top).parts, *(node.module or "").split(".")]
            base = ".".join(["", *filter(None, parts)])
            if node.module:
                yield node.lineno, base
            else:  # from . import a, b
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def against_the_layers(top: Path, layers: Layers, *, apart: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every import that does not go down: a part may import itself and the parts of lower layers.

    The parts of a folder in `apart` do not import one another either. A part that no layer names is reported too.
    """
    height = {part: len(layers) - number for number, layer in enumerate(layers) for part in layer}
    for file in sorted(top.rglob("*.py")):
        where = file.relative_to(top)
        part = where.parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        if part not in height:
            yield f"{where}: no layer names {part}; say where it belongs"
            continue
        for line, name in imports(file, top):
            if not name.startswith("."):
                continue
            target, *rest = name[1:].split(".")
            if target == part:
                if part in apart and rest and rest[0] != where.parts[1].removesuffix(".py"):
                    yield f"{where}:{line}: imports {name}, which is as high"
            elif height.get(target, 0) >= height[part]:
                yield f"{where}:{line}: imports {name}, which is not below it"


def of_distributions(top: Path, names: set[str]) -> Iterator[str]:
    """Every absolute import of one of `names`."""
    for file in sorted(top.rglob("*.py")):
        for line, name in imports(file, top.parent):
            if name.split(".")[0] in names:
                yield f"{file.relative_to(top)}:{line}: imports {name}"
