"""Which folders Flux builds a file of the GitOps repo from.

Flux builds what the `path` of a Kustomization of its own names. Where none in the repo comes to the file, it is built
by a folder that no other one names, and the Flux Kustomization lies elsewhere.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from .bases import FILES, is_kustomization, reach, walk
from .kustomizations import FluxKustomization


class Root(Struct, frozen=True, dict=True):
    """A folder of the repo, and the Flux Kustomization that applies it, None where that is not in the repo."""

    folder: str
    flux: FluxKustomization | None = None

    def __str__(self) -> str:
        return f"Kustomization {self.flux.name} ({self.flux.file}, path {self.folder})" if self.flux else self.folder


class Roots:
    """What builds the files of the repo that lies at `top`, whose Flux Kustomizations are `every`."""

    def __init__(self, top: Path, every: Sequence[FluxKustomization]) -> None:
        self._top, self._every = top.resolve(), every
        self._reached: dict[Path, set[Path]] = {}

    def of(self, file: str) -> list[Root]:
        """All that build `file`."""
        target = self._top / file
        applied = [(Root(it.folder, it), self._top / it.folder) for it in self._every]
        found = [root for root, folder in applied if folder.is_dir() and target in self._reach(folder)]
        known = {path for root in found for path in self._reach(self._top / root.folder)}
        found += [Root(str(it.relative_to(self._top))) for it in self._uppermost(target) if it not in known]
        if not found and not is_kustomization(target.parent):
            return [Root(str(target.parent.relative_to(self._top)))]
        return found

    def _reach(self, folder: Path) -> set[Path]:
        if folder not in self._reached:
            self._reached[folder] = reach(folder, self._top)
        return self._reached[folder]

    def _uppermost(self, target: Path) -> Iterator[Path]:
        """The folders with a kustomization that reads `target`, and that no other such one reads."""
        above = {it for it in self._folders if target in self._reach(it)}
        for folder in sorted(above):
            if not any(folder in self._reach(other) for other in above if other != folder):
                yield folder

    @cached_property
    def _folders(self) -> set[Path]:
        """Those with a kustomization."""
        return {path.parent for path in walk(self._top, FILES) if path.name in FILES}
