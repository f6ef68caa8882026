"""What Flux does to a folder of the GitOps repo before it applies it, which is not done here:
https://fluxcd.io/flux/components/kustomize/kustomizations/."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..yaml.objects import group_of, parse

GROUP = "kustomize.toolkit.fluxcd.io"
CHANGING = (
    *("postBuild", "patches", "patchesStrategicMerge", "patchesJson6902", "images", "components"),
    *("targetNamespace", "namePrefix", "nameSuffix", "commonMetadata"),
)


def unseen(root: Path, folder: str) -> list[str]:
    """Sentences without a full stop, of the repo that lies at `root` and a `folder` in it."""
    found = [(file, spec) for file, spec in _kustomizations(root) if _place(spec) == PurePosixPath(folder)]
    if not found:
        return [f"the Flux Kustomization that applies {folder}, which is not in the GitOps repo"]
    changing = [(file, [name for name in CHANGING if spec.get(name)]) for file, spec in found]
    suspended = [f"when Flux applies it: {file} is suspended" for file, spec in found if spec.get("suspend")]
    return [*(f"what {' and '.join(names)} in {file} changes" for file, names in changing if names), *suspended]


def _kustomizations(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")]):
        text = file.read_bytes() if file.is_file() else b""
        try:
            objects = parse(text) if GROUP.encode() in text else []
        except ValueError:
            continue
        for item in objects:
            if item["kind"] == "Kustomization" and group_of(item) == GROUP and isinstance(item.get("spec"), dict):
                yield str(file.relative_to(root)), item["spec"]


def _place(spec: dict[str, Any]) -> PurePosixPath:
    return PurePosixPath("/", str(spec.get("path") or "")).relative_to("/")
