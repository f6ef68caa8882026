"""The charts that a chart needs, and which of them its folder lacks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from msgspec import Struct

from ..errors import Refused

# Chart.yaml and Chart.lock, and their forms in charts of apiVersion v1.
DECLARED, LOCKED = ("Chart.yaml", "requirements.yaml"), ("Chart.lock", "requirements.lock")
LOCAL = "file://"


class Dependency(Struct, frozen=True):
    """`repository` is https://, oci://, file://, an alias of the user's, or empty for one that lies in charts/."""

    name: str
    version: str
    repository: str

    @property
    def folder(self) -> str | None:
        """The path, as seen from the chart's folder, of one that lies in a folder."""
        return unquote(self.repository.removeprefix(LOCAL)) if self.repository.startswith(LOCAL) else None


def declared(files: Mapping[str, bytes]) -> list[Dependency]:
    """The dependencies that the chart's files (by their path in the chart) name."""
    return [item for name in DECLARED for item in _read(files.get(name, b""))]


def missing(folder: Path) -> list[Dependency]:
    """Those that the lock names and charts/ lacks, as they are declared (perhaps with the user's name for a repository)
    and as they are locked; refused where charts/ lacks some and there is no lock."""
    files = {name: (folder / name).read_bytes() for name in DECLARED + LOCKED if (folder / name).is_file()}
    needed, locked = declared(files), [item for name in LOCKED for item in _read(files.get(name, b""))]
    charts = folder / "charts"
    absent = [] if locked else [item.name for item in needed if item.name not in _names(charts)]
    if absent:
        raise Refused(
            f"The chart needs {', '.join(absent)}, and its commit holds neither that in charts/ nor a Chart.lock.",
            "Run `helm dependency update` in the chart's folder and commit Chart.lock.",
            fault="chart",
        )
    lacking = {
        item.name
        for item in locked
        if not (charts / item.name / "Chart.yaml").is_file()
        and not (charts / f"{item.name}-{item.version}.tgz").is_file()
    }
    return [item for item in needed + locked if item.name in lacking]


def _names(charts: Path) -> set[str]:
    """The names of the charts in `charts`; of an archive, every name that its file name could stand for."""
    folders = {str(loaded.get("name")) for path in charts.glob("*/Chart.yaml") if (loaded := _load(path.read_bytes()))}
    parts = [path.name.split("-") for path in charts.glob("*.tgz")]
    return folders | {"-".join(words[:length]) for words in parts for length in range(1, len(words))}


def _read(source: bytes) -> list[Dependency]:
    found = _load(source).get("dependencies")
    return [
        Dependency(*(str(item.get(key) or "") for key in ("name", "version", "repository")))
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict)
    ]


def _load(source: bytes) -> dict[str, Any]:
    """The mapping in `source`, an empty one where it is none: helm has the better message."""
    try:
        document = yaml.load(source, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
