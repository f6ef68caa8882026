"""What Flux does to a folder of the GitOps repo before it applies it, which is not done here:
https://fluxcd.io/flux/components/kustomize/kustomizations/."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..yaml.objects import group_of, parse

GROUP = "kustomize.toolkit.fluxcd.io"
PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
CHANGING = (
    *("postBuild", *PATCHES, "images", "components"),
    *("targetNamespace", "namePrefix", "nameSuffix", "commonMetadata"),
)


@dataclass(frozen=True)
class FluxKustomization:
    """`folder` is what it applies, `.` for the whole repo; `file` is where it stands."""

    file: str
    name: str
    folder: str
    spec: dict[str, Any]

    @property
    def patches(self) -> list[Any]:
        """In the words of kustomize; none of what Flux does not take for one."""
        whole, merge, json6902 = (it if isinstance(it := self.spec.get(name), list) else [] for name in PATCHES)
        return [
            *(it for it in whole if isinstance(it, dict)),
            *({"patch": json.dumps(it)} for it in merge),
            *(it | {"patch": json.dumps(it.get("patch"))} for it in json6902 if isinstance(it, dict)),
        ]


def unseen(root: Path, folder: str) -> list[str]:
    """Sentences without a full stop, of the repo that lies at `root` and a `folder` in it."""
    found = [it for it in flux_kustomizations(root) if it.folder == str(PurePosixPath(folder))]
    if not found:
        return [f"the Flux Kustomization that applies {folder}, which is not in the GitOps repo"]
    changing = [(it.file, [name for name in CHANGING if it.spec.get(name)]) for it in found]
    suspended = [f"when Flux applies it: {it.file} is suspended" for it in found if it.spec.get("suspend")]
    return [*(f"what {' and '.join(names)} in {file} changes" for file, names in changing if names), *suspended]


def flux_kustomizations(root: Path) -> Iterator[FluxKustomization]:
    """Those in the files of the repo that lies at `root`."""
    for file in sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")]):
        text = file.read_bytes() if file.is_file() else b""
        try:
            objects = parse(text) if GROUP.encode() in text else []
        except ValueError:
            continue
        for item in objects:
            if item["kind"] == "Kustomization" and group_of(item) == GROUP and isinstance(item.get("spec"), dict):
                name, place = str(item["metadata"].get("name") or ""), str(item["spec"].get("path") or "")
                folder = str(PurePosixPath("/", place).relative_to("/"))
                yield FluxKustomization(str(file.relative_to(root)), name, folder, item["spec"])
