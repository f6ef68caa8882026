"""Which folders Flux builds a file of the GitOps repo from.

Flux builds what the `path` of a Kustomization of its own names. Where none in the repo comes to the file, it is built
by a folder that no other one names, and the Flux Kustomization lies elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .bases import FILES, is_kustomization, reach
from .kustomizations import FluxKustomization


@dataclass(frozen=True)
class Root:
    """A folder of the repo, and the Flux Kustomization that applies it, None where that is not in the repo."""

    folder: str
    flux: FluxKustomization | None = None

    def __str__(self) -> str:
        return f"Kustomization {self.flux.name} ({self.flux.file}, path {self.folder})" if self.flux else self.folder


def roots_of(file: str, top: Path, every: Sequence[FluxKustomization]) -> list[Root]:
    """All that build `file` of the repo that lies at `top`, whose Flux Kustomizations are `every`."""
    top = top.resolve()
    target = top / file
    applied = [Root(it.folder, it) for it in every if (top / it.folder).is_dir()]
    reached = [(root, reach(top / root.folder, top)) for root in applied]
    found = [root for root, read in reached if target in read]
    known = {folder for root, read in reached if target in read for folder in read}
    found += [Root(folder) for folder in _uppermost(target, top) if top / folder not in known]
    if not found and not is_kustomization(target.parent):
        return [Root(str(target.parent.relative_to(top)))]
    return found


def _uppermost(target: Path, top: Path) -> Iterator[str]:
    """The folders with a kustomization that reads `target`, and that no other such one reads."""
    folders = {path.parent for name in FILES for path in top.rglob(name) if path.is_file()}
    above = {folder: read for folder in folders if target in (read := reach(folder, top))}
    for folder in sorted(above):
        if not any(folder in read for other, read in above.items() if other != folder):
            yield str(folder.relative_to(top))
