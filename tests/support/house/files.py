"""Reads the tracked Python files: how long they are and what they are called."""

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

LONGEST, MIDDLE, LONGEST_FUNCTION = 300, 80, 50  # lines
REASON = re.compile(r"^# long because: \S.{10,}$", re.MULTILINE)
ROOMS = {"utils", "util", "core", "common", "helpers", "helper", "base", "manager", "managers", "misc", "shared", "lib"}
# A module is a noun or, for a command or a step, a verb in its plain form. What ends like a participle is refused, but
# for these nouns.
PARTICIPLE = re.compile(r".*(ed|ing)")
NOUNS = {"settings", "feed", "not_found"}
MOODS = {
    "found",
    "past",
    "silent",
    "told",
    "together",
    "stretch",
    "ready",
    "lost",
    "seldom",
    "quiet",
    "known",
    "unseen",
}
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


def long_functions(files: Sequence[Path], top: Path) -> Iterator[str]:
    """Functions of more than 50 lines."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{file.relative_to(top)}:{node.lineno}: {node.name} has {lines} lines"


def moods(files: Sequence[Path], top: Path) -> Iterator[str]:
    """Modules and folders that are named by a mood or a participle."""
    for file in files:
        for word in file.relative_to(top).with_suffix("").parts:
            last = word.rpartition("_")[2]
            if word not in NOUNS and (last in MOODS or PARTICIPLE.fullmatch(last)):
                yield f"{file.relative_to(top)}: {word} is no noun"


def classes_twice(files: Sequence[Path], top: Path) -> dict[str, list[str]]:
    """The top-level classes whose name stands in more than one of `files`, with where."""
    found: dict[str, list[str]] = {}
    for file in files:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(str(file.relative_to(top)))
    return {name: places for name, places in found.items() if len(places) > 1}
