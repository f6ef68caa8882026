"""How much a ConfigMap or a Secret holds."""

from collections.abc import Iterator

from ..findings import Finding
from ..manifests import RenderedObject
from .kinds import CORE, at, kind_of

LIMIT = 1024 * 1024  # bytes of all values together


def findings(manifest: RenderedObject) -> Iterator[Finding]:
    kind = kind_of(manifest.object)
    if kind not in ((CORE, "ConfigMap"), (CORE, "Secret")):
        return
    encoded = ("data" if kind[1] == "Secret" else "binaryData",)
    size = 0
    for key in ("data", "binaryData", "stringData"):
        for _, value in at(manifest.object, f"{key}.*"):
            if isinstance(value, str):
                size += len(value) * 3 // 4 if key in encoded else len(value.encode())
    if size > LIMIT:
        yield Finding(
            f"{manifest.template}, {manifest.name}",
            f"holds {size:,} bytes, and the API server takes {LIMIT:,}",
            "Split it, or bring the file in the image.",
        )
