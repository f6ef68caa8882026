"""Images that stand outside containers: where waybill.toml says so, and wherever else a render holds their names."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct

from ..image.blocks import EACH, At
from ..yaml.document import Path
from .containers import KEYS, Container
from .manifests import RenderedObject

LONGEST = 512  # letters of an image: a repository has at most 255
_VOLUME = ("image", "reference")  # what a volume of a pod mounts


class Mention(Struct, frozen=True):
    """A text that could name an image; `runs`: its key says that it does."""

    place: Container
    runs: bool

    @property
    def at(self) -> str:
        """The key of waybill.toml that names this place."""
        path = [EACH if isinstance(key, int) else key for key in self.place.path]
        plain = not any("." in key or key.isdigit() for key in path)
        text = json.dumps(".".join(path) if plain else path, ensure_ascii=False)
        return f"at = {{kind = {json.dumps(self.place.manifest.kind)}, path = {text}}}"


def named(found: Sequence[RenderedObject], at: At) -> list[Container]:
    """The images at a place of waybill.toml."""
    return [
        Container(manifest, path, "", image)
        for manifest in found
        if manifest.kind == at.kind
        for path, value in _values(manifest.object, at.path, ())
        if (image := _image(value))
    ]


def mentions(found: Sequence[RenderedObject], parts: Collection[str]) -> list[Mention]:
    """Every text outside containers' images and metadata that holds one of `parts`."""
    return [
        Mention(Container(manifest, path, "", image), runs)
        for manifest in found
        for path, image, runs in _mentions(manifest.object, ())
        if len(image) <= LONGEST and any(part in image for part in parts)
    ]


def _values(value: Any, left: Path, path: Path) -> Iterator[tuple[Path, Any]]:
    if not left:
        yield path, value
        return
    key, *rest = left
    if isinstance(value, list):
        items: list[tuple[str | int, Any]] = list(enumerate(value))
    else:
        items = list(value.items()) if isinstance(value, dict) else []
    for name, item in items:
        if key == EACH or str(name) == str(key):
            yield from _values(item, tuple(rest), (*path, name))


def _image(value: Any) -> str:
    """The image in a text, which may be an argument such as `--worker-image=...`, or in a mapping of its parts."""
    if isinstance(value, str):
        return value.rpartition("=")[2]
    if not isinstance(value, dict) or not value.get("repository"):
        return ""
    repository = "/".join(str(value[key]) for key in ("registry", "repository") if value.get(key))
    marked = [f"{mark}{value[key]}" for mark, key in ((":", "tag"), ("@", "digest")) if value.get(key)]
    return "".join([repository, *marked])


def _mentions(value: Any, path: Path) -> Iterator[tuple[Path, str, bool]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _mentions(item, (*path, index))
    elif isinstance(value, dict) and value.get("repository") and (value.get("tag") or value.get("digest")):
        yield path, _image(value), True
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "metadata" and not (key == "image" and len(path) > 1 and path[-2] in KEYS):
                yield from _mentions(item, (*path, key))
    elif isinstance(value, str) and path:
        yield path, _image(value), str(path[-1]).lower().endswith(("image", "imagename")) or path[-2:] == _VOLUME
