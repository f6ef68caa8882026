"""Where an environment's release is written: documents of files that Waybill made, or that people wrote before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import Refused
from ..yaml.document import Path as Keys
from ..yaml.document import line_of
from ..yaml.edit import read, set_scalar
from ..yaml.stream import Piece, edited, pieces
from . import layout
from .layout import Files


@dataclass(frozen=True)
class Target:
    """The object of this kind and name in a file of the GitOps repo; without a kind, the only one of the file."""

    file: str
    kind: str = ""
    name: str = ""

    @property
    def called(self) -> str:
        return f"{self.file} in the GitOps repo"

    def piece(self, files: Files) -> Piece | None:
        """Its document; None where it is the whole file."""
        if not self.kind:
            return None
        every = pieces(files[self.file], name=self.called, fault="gitops")
        found = [piece for piece in every if identity(piece.value) == (self.kind, self.name)]
        if len(found) != 1:
            raise Refused(
                f"{self.called} holds {len(found) or 'no'} {self.kind} {self.name}{'s' * (len(found) > 1)}.",
                "Let it hold exactly one, or correct `helmrelease` in waybill.toml.",
                fault="gitops",
            )
        return found[0]

    def source(self, files: Files) -> bytes:
        piece = self.piece(files)
        return files[self.file] if piece is None else piece.source

    def read(self, files: Files, keys: Keys) -> str | None:
        return read(self.source(files), keys, name=self.called, fault="gitops")

    def line(self, files: Files, keys: Keys) -> int | None:
        """The line of the value at `keys`, from 1; None where it is absent."""
        return line_of(self.source(files), keys, name=self.called, fault="gitops")

    def put(self, files: dict[str, bytes], keys: Keys, value: str | bool) -> None:
        """Sets one value; a file that is absent or cannot be edited is refused."""
        if self.file not in files:
            raise Refused(
                f"The GitOps repo has no {self.file}, where Waybill writes {keys[-1]}.",
                "Put it back as it was (`git log` shows the commit that took it away). Where people wrote that folder, "
                "`waybill adopt` lets releases be written to its own HelmRelease.",
                fault="gitops",
            )
        mappings = len(keys) if self.kind else 1  # what people wrote need not have those above
        edit = partial(set_scalar, path=keys, value=value, mappings=mappings, name=self.called, fault="gitops")
        self.edit(files, edit)

    def edit(self, files: dict[str, bytes], change: Callable[[bytes], bytes]) -> None:
        piece = self.piece(files)
        whole = files[self.file]
        files[self.file] = change(whole) if piece is None else edited(whole, piece, change)


def identity(value: Any) -> tuple[str, str]:
    """Kind and name of an object, "" where it has none."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return (str(value.get("kind") or ""), str(name or "")) if isinstance(value, dict) else ("", "")


@dataclass(frozen=True)
class Site:
    """The release of one environment: Flux builds `folder`, in which `release` is its HelmRelease and `source` the
    OCIRepository of its chart, where that is what Flux gets the chart from."""

    folder: str
    release: Target
    source: Target | None
    existing: "Existing | None" = None

    @property
    def files(self) -> list[str]:
        return [self.release.file, *([self.source.file] if self.source else [])]


@dataclass(frozen=True)
class Existing:
    """A HelmRelease that people wrote, as kustomize builds it.

    `name` and `namespace` (None: not built) are its own, `version` that of its chart, `inherited` its post-renderers.
    `chart` is `host/path/name` where the chart lies, "" where the GitOps repo does not tell. `flux` is the Flux
    Kustomization that applies it, `file` and `spec`; None where it is not in the GitOps repo. With `renames` its chart
    gets another name, in place.
    """

    name: str
    namespace: str | None
    version: str
    chart: str
    inherited: tuple[Any, ...] = ()
    flux: tuple[str, Mapping[str, Any]] | None = None
    renames: bool = False


def standard(service: str, environment: str, *, pinned: bool) -> Site:
    """Where Waybill's own files lie; with `pinned` the chart comes from an OCIRepository."""
    folder = layout.overlay(service, environment)
    source = Target(f"{folder}/source.yaml") if pinned else None
    return Site(folder, Target(layout.release_file(service, environment)), source)
