"""Where an environment's release is written: documents of files that Waybill made, or that people wrote before it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, field

from ..errors import Refused
from ..yaml.document import Path as Keys
from ..yaml.document import line_of
from ..yaml.edit import read, set_scalar
from ..yaml.stream import edited
from . import layout
from .layout import Files
from .objects import Located, objects_in


class Target(Struct, frozen=True):
    """The object of this kind and name in a file of the GitOps repo; without a kind, the only one of the file."""

    file: str
    kind: str = ""
    name: str = ""

    @property
    def called(self) -> str:
        return f"{self.file} in the GitOps repo"

    def found(self, files: Files) -> Located | None:
        """None where it is the whole file."""
        if not self.kind:
            return None
        every = objects_in(self.called, files[self.file])
        found = [it for it in every if (it.kind, it.name) == (self.kind, self.name)]
        if len(found) != 1:
            raise Refused(
                f"{self.called} holds {len(found) or 'no'} {self.kind} called {self.name}.",
                "Let it hold exactly one, or correct `helmrelease` in waybill.toml.",
                fault="gitops",
            )
        return found[0]

    def value(self, files: Files) -> Any:
        """The object; of a whole file None where it cannot be read, which kustomize has a message for."""
        if found := self.found(files):
            return found.value
        try:
            (it,) = objects_in(self.called, files[self.file])
        except (Refused, ValueError):
            return None
        return it.value

    def read(self, files: Files, keys: Keys) -> str | None:
        source, keys = self._at(files, keys)
        return read(source, keys, name=self.called, fault="gitops")

    def line(self, files: Files, keys: Keys) -> int | None:
        """The line of the value at `keys`, from 1; None where it is absent."""
        source, keys = self._at(files, keys)
        return line_of(source, keys, name=self.called, fault="gitops")

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
        self.edit(files, keys, partial(set_scalar, value=value, mappings=mappings, name=self.called, fault="gitops"))

    def edit(self, files: dict[str, bytes], keys: Keys, change: Callable[..., bytes]) -> None:
        """`change` gets the source and `path`, by which what the object has at `keys` is found in it."""
        found, whole = self.found(files), files[self.file]
        if found is None:
            files[self.file] = change(whole, path=keys)
        else:
            files[self.file] = edited(whole, found.piece, partial(change, path=(*found.keys, *keys)))

    def _at(self, files: Files, keys: Keys) -> tuple[bytes, Keys]:
        found = self.found(files)
        return (files[self.file], keys) if found is None else (found.piece.source, (*found.keys, *keys))


class Site(Struct, frozen=True):
    """The release of one environment: Flux builds `folder`, in which `release` is its HelmRelease and `source` the
    OCIRepository of its chart, where that is what Flux gets the chart from. `told` is what gitops/tries tells of the
    built HelmRelease; empty where nobody looked. `manifests` is the OCIRepository by which Flux gets the folder as an
    artifact, where it was moved to one."""

    folder: str
    release: Target
    source: Target | None
    existing: "Existing | None" = None
    told: Mapping[str, str] = field(default_factory=dict)
    manifests: Target | None = None

    @property
    def files(self) -> list[str]:
        return [it.file for it in (self.release, self.source, self.manifests) if it]

    def artifact(self, service: str, environment: str) -> Target:
        """The OCIRepository by which Flux gets the folder as an artifact, if the file is there."""
        return self.manifests or Target(layout.source_file(service, environment))


class Existing(Struct, frozen=True):
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
