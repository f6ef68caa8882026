"""The Flux Kustomizations that lie in a GitOps repo: https://fluxcd.io/flux/components/kustomize/kustomizations/."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import join, normpath
from typing import Any

from ..yaml.objects import Object, group_of, parse

GROUP = "kustomize.toolkit.fluxcd.io"
PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


@dataclass(frozen=True)
class FluxKustomization:
    """`folder` is what it applies, `.` for the whole repo; `file` is where it stands."""

    file: str
    name: str
    folder: str
    spec: dict[str, Any]
    namespace: str = ""

    @property
    def patches(self) -> list[Any]:
        """In the words of kustomize, without what Flux does not take: a `path` would be read from this machine."""
        whole, merge, json6902 = (it if isinstance(it := self.spec.get(name), list) else [] for name in PATCHES)
        return [
            *({"patch": it.get("patch"), "target": it.get("target")} for it in whole if isinstance(it, dict)),
            *({"patch": json.dumps(it)} for it in merge),
            *(
                {"patch": json.dumps(it.get("patch")), "target": it.get("target")}
                for it in json6902
                if isinstance(it, dict)
            ),
        ]


def flux_kustomizations(root: Path) -> Iterator[FluxKustomization]:
    """Those in the files of the repo that lies at `root`."""
    for file in sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")]):
        text = file.read_bytes() if file.is_file() else b""
        try:
            objects = parse(text) if f"{GROUP}/v".encode() in text else []
        except ValueError:
            continue
        found = (flux_kustomization(item, str(file.relative_to(root))) for item in objects)
        yield from (it for it in found if it)


def flux_kustomization(item: Object, file: str) -> FluxKustomization | None:
    """The object, if it is one."""
    if item["kind"] != "Kustomization" or group_of(item) != GROUP or not isinstance(item.get("spec"), dict):
        return None
    name, namespace = (str(item["metadata"].get(key) or "") for key in ("name", "namespace"))
    folder = str(PurePosixPath(normpath(join("/", str(item["spec"].get("path") or "")))).relative_to("/"))
    return FluxKustomization(file, name, folder, item["spec"], namespace)
