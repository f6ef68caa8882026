"""The containers that a chart's render runs, and the templates that made them."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from ..yaml.document import Path
from .manifests import RenderedObject

KEYS = ("containers", "initContainers", "ephemeralContainers")


class Container(Struct, frozen=True):
    """What runs an image. `name` is "" where the chart gives none; `path` is the way from the object to it, or to an
    image outside containers."""

    manifest: RenderedObject
    path: Path
    name: str
    image: str

    @property
    def where(self) -> str:
        if len(self.path) < 2 or self.path[-2] not in KEYS:
            return self.manifest.at(self.path)
        return f"{self.manifest.template}, {self.manifest.name}, container {self.name or self.path[-1]}"


def containers_of(found: Sequence[RenderedObject]) -> list[Container]:
    """Every container, init container and ephemeral container with an image, however deep a kind keeps its pods."""
    return [
        Container(manifest, path, str(item.get("name") or ""), str(item["image"]))
        for manifest in found
        for path, item in _containers(manifest.object, ())
    ]


def _containers(part: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from _containers(item, (*path, index))
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in KEYS and isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, dict) and item.get("image"):
                        yield (*path, key, index), item
            yield from _containers(value, (*path, key))
