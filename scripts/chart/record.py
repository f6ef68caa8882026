"""How large the record is that Helm keeps of a release, in a Secret: base64 of gzip of the release's JSON
(helm.sh/helm/v4/pkg/storage/driver/util.go). A Secret holds 1 MiB.

The chart's own files and templates count, with those that no template uses; of charts in charts/ the values alone do.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from ..yaml.objects import read
from .findings import Finding

LIMIT = 1024 * 1024
# zlib packs text up to 3 % better than Helm's gzip, and random bytes 0.7 % worse.
_NEAR, _SURELY_ABOVE = LIMIT * 95 // 100, LIMIT * 101 // 100
_RECORD = "Helm's record of the release"
_SMALLER = "Take files that templates do not need out of the chart (.helmignore), or bring them in the image."
_TIME = "2026-01-02T03:04:05Z"
_LARGEST = 3


def judged(files: Mapping[str, bytes], rendered: bytes, config: Any = None) -> tuple[list[Finding], list[str]]:
    """What is wrong, and what to warn of. `files` are the archive's, `config` the values beside the chart's own."""
    size = size_of(files, rendered, config)
    if size <= _NEAR:
        return [], []
    what = f"holds about {size:,} bytes, and a Secret takes {LIMIT:,}; the largest are {_largest(files, rendered)}"
    if size <= _SURELY_ABOVE:
        return [], [f"{_RECORD} {what}"]
    return [Finding(_RECORD, what, _SMALLER)], []


def size_of(files: Mapping[str, bytes], rendered: bytes, config: Any = None) -> int:
    """Bytes of the record; of one that is far below the limit an upper bound."""
    text = json.dumps(_release(files, rendered, config), ensure_ascii=False, separators=(",", ":"), default=str)
    data = text.encode(errors="replace")
    packed = zlib.compress(data, 9) if len(data) * 4 // 3 > _NEAR else data
    return -(-(len(packed) + 18) // 3) * 4


def _release(files: Mapping[str, bytes], rendered: bytes, config: Any) -> dict[str, Any]:
    own = {path: data for path, data in files.items() if not path.startswith("charts/")}
    special = {"Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"}
    return {
        "name": "release",
        "info": {"status": "deployed", "notes": own.get("templates/NOTES.txt", b"").decode(errors="replace")},
        "chart": {
            "metadata": _yaml(own.get("Chart.yaml", b"")),
            "lock": _yaml(own.get("Chart.lock", b"")),
            "templates": [_file(path, data) for path, data in own.items() if path.startswith("templates/")],
            "values": _values(files),
            "schema": _base64(own.get("values.schema.json", b"")),
            "files": [
                _file(path, data)
                for path, data in own.items()
                if not path.startswith("templates/") and path not in special
            ],
        },
        "config": config,
        "manifest": rendered.decode(errors="replace").replace("<", "\\u003c").replace(">", "\\u003e"),
    }


def _values(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Of a chart that declares dependencies, with theirs."""
    values = _yaml(files.get("values.yaml", b"")) or {}
    below: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        match path.split("/", 2):
            case ["charts", name, rest]:
                below.setdefault(name, {})[rest] = data
    return {name: _values(found) for name, found in below.items()} | values


def _file(path: str, data: bytes) -> dict[str, str]:
    return {"name": path, "data": _base64(data), "modtime": _TIME}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _yaml(source: bytes) -> Any:
    try:
        return next((document.value for document in read(source)), None)
    except ValueError:
        return None


def _largest(files: Mapping[str, bytes], rendered: bytes) -> str:
    sizes = {path: len(data) for path, data in files.items() if not path.startswith("charts/")}
    sizes["the rendered objects"] = len(rendered)
    return ", ".join(f"{path} ({sizes[path]:,})" for path in sorted(sizes, key=sizes.__getitem__)[: -_LARGEST - 1 : -1])
