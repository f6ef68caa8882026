"""What a render on this machine cannot know, since the templates ask the cluster."""

import re
from collections.abc import Iterator, Mapping, Sequence

from .files import of_archive

_ACTION = re.compile(rb"\{\{(?!-?\s*/\*)(.*?)\}\}", re.DOTALL)
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"|`[^`]*`')
_LOOKUP = re.compile(rb"(?<![\w.$])lookup\b")
_APIS = re.compile(rb"\.APIVersions\b")


def unseen(files: Mapping[str, bytes], api_versions: Sequence[str], chart: str) -> list[str]:
    """Sentences without a full stop, each once; `api_versions` are those that the render was given."""
    found: dict[str, list[str]] = {}
    for path, data in _templates(files, chart):
        code = b" ".join(_TEXT.sub(b'""', action) for action in _ACTION.findall(data))
        if _LOOKUP.search(code):
            found.setdefault("what `lookup` finds in the cluster", []).append(path)
        if not api_versions and _APIS.search(code):
            found.setdefault("which APIs the cluster has", []).append(path)
    return [f"{what} ({', '.join(paths)})" for what, paths in found.items()]


def _templates(files: Mapping[str, bytes], chart: str) -> Iterator[tuple[str, bytes]]:
    for path, data in files.items():
        if "templates/" in path:
            yield f"{chart}/{path}", data
        elif path.startswith("charts/") and path.endswith(".tgz"):
            yield from _templates(of_archive(data), f"{chart}/{path}")
