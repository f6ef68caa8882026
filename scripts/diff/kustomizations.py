"""What Flux does to a folder of the GitOps repo before it applies it, which is not done here:
https://fluxcd.io/flux/components/kustomize/kustomizations/.

A folder without a kustomization file is applied with all that lies below it, as Flux generates one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from os.path import isfile
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from ..yaml.objects import group_of, parse, read
from .bases import FILES

GROUP = "kustomize.toolkit.fluxcd.io"
PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
MOVES = ("namespace", "targetNamespace", "namePrefix", "nameSuffix")
MOVING = (*MOVES, *PATCHES, "components", "transformers")
# Of a Flux Kustomization, or of a kustomization file above the folder: what changes the objects in it.
CHANGING = (
    *("postBuild", *PATCHES, "images", "components", *MOVES, "commonMetadata", "labels", "commonLabels"),
    *("commonAnnotations", "replicas", "replacements", "transformers", "vars"),
)
# What changes Flux Kustomizations themselves, and so what they do.
ABOVE = ("postBuild", *PATCHES, "components", "replacements", "transformers", "vars")


@dataclass(frozen=True)
class Applied:
    """A file or folder that a Flux Kustomization in `file` applies: `above` are the kustomization files on the way."""

    file: str
    spec: Mapping[str, Any]
    above: tuple[str, ...]


def unseen(root: Path, folder: str) -> list[str]:
    """Sentences without a full stop, of the repo that lies at `root` and a `folder` in it."""
    found = list(_applying(root, folder))
    if not found:
        return [f"the Flux Kustomization that applies {folder}, which is not found in the GitOps repo"]
    said = [what for it in found for what in _changes(root, it, CHANGING)]
    said += [f"when Flux applies it: {it.file} is suspended" for it in found if it.spec.get("suspend")]
    for it, child in _above(root, found):
        said += [f"{what} in {child}" for what in _changes(root, it, ABOVE)]
        if it.spec.get("suspend"):
            said.append(f"when Flux applies {child}: {it.file} is suspended")
    return [*dict.fromkeys(said)]


def stays(root: Path, folder: str) -> bool:
    """Whether Flux is sure to leave names and namespaces as the folder builds them."""
    found = list(_applying(root, folder))
    moving = [key for it in found for _, said in _on_the_way(root, it) for key in MOVING if said.get(key) is not None]
    above = [what for it, _ in _above(root, found) for what in _changes(root, it, ABOVE)]
    return bool(found) and not moving and not above


def _applying(root: Path, place: str) -> Iterator[Applied]:
    for file, spec in _kustomizations(root):
        if place in (reads := _reads(root, _path("", f"./{spec.get('path') or ''}"))):
            yield Applied(file, spec, reads[place])


def _above(root: Path, found: list[Applied]) -> Iterator[tuple[Applied, str]]:
    """Those that apply the Kustomizations `found`, and those that apply these, each with what it applies."""
    left, seen = [it.file for it in found], set[str]()
    while left:
        if (child := left.pop()) in seen:
            continue
        seen.add(child)
        for it in (it for it in _applying(root, child) if it.file != child):
            yield it, child
            left.append(it.file)


def _changes(root: Path, it: Applied, keys: tuple[str, ...]) -> Iterator[str]:
    for file, said in _on_the_way(root, it):
        if names := [name for name in keys if said.get(name)]:
            yield f"what {' and '.join(names)} in {file} changes"


def _on_the_way(root: Path, it: Applied) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield it.file, it.spec
    yield from ((name, _kustomization(root / name)) for name in it.above)


@lru_cache(256)
def _reads(root: Path, start: str) -> Mapping[str, tuple[str, ...]]:
    """Files and folders that are applied with the folder `start`, by their path in the repo, each with the
    kustomization files on the way to it."""
    found: dict[str, tuple[str, ...]] = {}
    left: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    while left:
        place, above = left.pop()
        if place in found:
            continue
        found[place] = above
        if file := next((name for name in FILES if isfile(root / place / name)), None):
            own = (*above, _path(place, file))
            for key in ("resources", "bases", "components"):
                named = _kustomization(root / place / file).get(key)
                names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
                left += [(_path(place, name), own) for name in names]
        elif (root / place).is_dir():
            left += [(_path(place, path.name), above) for path in (root / place).iterdir()]
    return found


def _path(folder: str, name: str) -> str:
    """Of `name`, as `folder` has it, from the top of the repo, which is ""."""
    return normpath(join("/", folder, name))[1:]


def _kustomization(file: Path) -> Mapping[str, Any]:
    """Empty for what cannot be read: where it is built, kustomize says why."""
    try:
        value = next((document.value for document in read(file.read_bytes())), None)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@lru_cache(8)
def _kustomizations(root: Path) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return tuple(_found(root))


def _found(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")]):
        text = file.read_bytes() if file.is_file() else b""
        try:
            objects = parse(text) if f"{GROUP}/v".encode() in text else []
        except ValueError:
            continue
        for item in objects:
            if item["kind"] == "Kustomization" and group_of(item) == GROUP and isinstance(item.get("spec"), dict):
                yield str(file.relative_to(root)), item["spec"]
