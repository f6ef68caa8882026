"""What Flux applies of a folder: it writes what its Kustomization says into the folder's own kustomization, and builds
that (github.com/fluxcd/pkg, kustomize/kustomize_generator.go)."""

import json
import tempfile
from collections.abc import Mapping
from os.path import relpath
from pathlib import Path
from typing import Any

from ..folder import lay_out
from ..yaml.objects import Object, read
from .bases import FILES, generated
from .overlay import build

REPLACED = {"targetNamespace": "namespace", "namePrefix": "namePrefix", "nameSuffix": "nameSuffix"}


def applied(files: Mapping[str, bytes], folder: str, spec: Mapping[str, Any]) -> list[Object]:
    """The objects of `folder`, whose build reads `files` alone, before substitution; `spec` is that of the Flux
    Kustomization. Refused where it cannot be built."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as made:
        copy = Path(made).resolve() / "repo"
        for path, data in files.items():
            lay_out(copy / path, data, path)
        place = copy / folder
        own = next((place / name for name in FILES if (place / name).is_file()), None)
        said = _first(own) if own else {"resources": [relpath(it, place) for it in generated(place)]}
        (own or place / FILES[0]).write_text(json.dumps(_merged(said, spec)))
        return build(place, copy)


def _first(file: Path) -> dict[str, Any]:
    value = next((it.value for it in read(file.read_bytes())), None)
    return value if isinstance(value, dict) else {}


def _merged(own: dict[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**own, **{theirs: spec[name] for name, theirs in REPLACED.items() if spec.get(name)}}
    more: dict[str, list[Any]] = {
        "patches": [{key: it.get(key) for key in ("patch", "target")} for it in _list(spec, "patches")],
        "patchesStrategicMerge": [json.dumps(it) for it in _list(spec, "patchesStrategicMerge")],
        "patchesJson6902": [it | {"patch": json.dumps(it.get("patch"))} for it in _list(spec, "patchesJson6902")],
        "components": _list(spec, "components"),
    }
    merged |= {key: [*_list(own, key), *items] for key, items in more.items() if items}
    if images := _list(spec, "images"):
        merged["images"] = [*_images(_list(own, "images"), images)]
    return merged


def _images(own: list[Any], theirs: list[Any]) -> list[Any]:
    """Tag and digest are one: what sets one of both takes the other away."""
    found = {it.get("name"): it for it in own}
    for it in theirs:
        known = found.get(it.get("name"), {})
        if it.get("newTag") or it.get("digest"):
            known = {key: text for key, text in known.items() if key not in ("newTag", "digest")}
        found[it.get("name")] = known | it
    return list(found.values())


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    return it if isinstance(it := value.get(key), list) else []
