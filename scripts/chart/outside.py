"""Images that stand outside containers: where waybill.toml says so, and wherever else a render holds their names."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct

from ..image.blocks import EACH, At
from ..yaml.document import Path
from .containers import KEYS, Container
from .manifests import RenderedObject

LONGEST = 512  # letters of an image: a repository has at most 255
# A word of a text that could be an image, without the address's scheme of some tools, and what may stand around it.
_WORD = re.compile(r"(?:\w+://)?(\w(?:[\w./:@-]*\w)?)")
_ARGUMENT = re.compile(rf"(?:[^\s=]*=)?{_WORD.pattern}")
_VOLUME = ("image", "reference")  # what a volume of a pod mounts


class Mention(Struct, frozen=True):
    """A text that could name an image; `runs`: its key says that it does."""

    place: Container
    runs: bool

    @property
    def at(self) -> str:
        """The key of waybill.toml that names this place."""
        path = [EACH if isinstance(key, int) else key for key in self.place.path]
        plain = not any("." in key or re.fullmatch("[0-9]+", key) for key in path)
        text = json.dumps(".".join(path) if plain else path, ensure_ascii=False)
        return f"at = {{kind = {json.dumps(self.place.manifest.kind)}, path = {text}}}"


def named(found: Sequence[RenderedObject], at: At, parts: Collection[str]) -> list[Container]:
    """The images at a place of waybill.toml; of a longer text those that hold one of `parts`."""
    return [
        Container(manifest, path, "", image)
        for manifest in found
        if manifest.kind == at.kind
        for path, value in _values(manifest.object, at.path, ())
        for image in _images(value, parts)
    ]


def mentions(found: Sequence[RenderedObject], parts: Collection[str]) -> list[Mention]:
    """Every text outside containers' images and metadata that holds one of `parts`."""
    return [
        Mention(Container(manifest, path, "", image), runs)
        for manifest in found
        for path, value, runs in _mentions(manifest.object, ())
        for image in _images(value, parts)
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


def _images(value: Any, parts: Collection[str]) -> list[str]:
    """The image in a text, which may be an argument such as `--worker-image=...`, or in a mapping of its parts; of a
    longer text, such as a manifest in a ConfigMap, each word that holds one of `parts` with a tag or digest."""
    if isinstance(value, dict) and value.get("repository"):
        repository = "/".join(str(value[key]) for key in ("registry", "repository") if value.get(key))
        marks = (f"{mark}{value[key]}" for mark, key in ((":", "tag"), ("@", "digest")) if value.get(key))
        return ["".join([repository, *marks])]
    if not isinstance(value, str):
        return []
    if whole := _ARGUMENT.fullmatch(value):
        return [whole[1]]
    words = _WORD.findall(value) if any(part in value for part in parts) else []
    tagged = (word for word in dict.fromkeys(words) if set(":@") & set(word.rpartition("/")[2]))
    return [word for word in tagged if any(part in word for part in parts)]


def _mentions(value: Any, path: Path) -> Iterator[tuple[Path, Any, bool]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _mentions(item, (*path, index))
    elif isinstance(value, dict) and value.get("repository") and (value.get("tag") or value.get("digest")):
        yield path, value, True
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "metadata" and not (key == "image" and len(path) > 1 and path[-2] in KEYS):
                yield from _mentions(item, (*path, key))
    elif isinstance(value, str) and path:
        yield path, value, str(path[-1]).lower().endswith(("image", "imagename")) or path[-2:] == _VOLUME
