"""Reads the tracked Python files: how long they are and what they are called."""

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

LONGEST, MIDDLE = 300, 80
REASON = re.compile(r"^# long because: \S.{10,}$", re.MULTILINE)
ROOMS = {"utils", "util", "core", "common", "helpers", "helper", "base", "manager", "managers", "misc", "shared", "lib"}
CLASSES = ("Manager", "Helper", "Service", "Repository", "DTO", "Dto", "Util", "Utils")


def tracked(checkout: Path, *patterns: str) -> list[Path]:
    """Files that git knows or would know (not ignored) by glob, in order."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *patterns]
    names = subprocess.run(listing, cwd=checkout, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(checkout / name for name in names if name and (checkout / name).is_file())


def too_long(files: Sequence[Path]) -> Iterator[str]:
    """Files over 300 lines that do not say `# long because: ...`."""
    for file in files:
        text = file.read_text()
        if (lines := len(text.splitlines())) > LONGEST and not REASON.search(text):
            yield f"{file}: {lines} lines and no reason"


def middle(files: Sequence[Path]) -> float:
    """The median length in lines; an `__init__.py` says nothing about it."""
    return median(len(file.read_text().splitlines()) for file in files if file.name != "__init__.py")


def empty_names(files: Sequence[Path], top: Path) -> Iterator[str]:
    """Modules, folders and classes whose name says nothing of their purpose."""
    for file in files:
        where = file.relative_to(top)
        if found := ROOMS.intersection(where.with_suffix("").parts):
            yield f"{where}: {found.pop()} is no purpose"
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.endswith(CLASSES):
                yield f"{where}:{node.lineno}: class {node.name}"
