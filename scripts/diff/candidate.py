"""A HelmRelease that people wrote, as it stands in its file and as kustomize builds it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import Refused
from ..gitops.objects import Located, objects_of
from ..gitops.site import Target
from ..yaml.edit import Path as Keys
from ..yaml.objects import Object, at
from .roots import Root


class Candidate(Struct, frozen=True, dict=True):
    """`target` is the document, `release` the object that a build of `root` makes of it, among `objects`, and `files`
    are what that build reads of the repo at `top`. `origin` is the document of the chart's OCIRepository."""

    target: Target
    release: Object
    objects: list[Object]
    files: Mapping[str, bytes]
    root: Root
    top: Path
    origin: Target | None = None

    @property
    def spec(self) -> dict[str, Any]:
        return self.release.get("spec") or {}

    @property
    def reference(self) -> dict[str, Any]:
        """What names the source of the chart."""
        found = self.spec.get("chartRef") or at(self.spec, "chart", "spec", "sourceRef")
        return found if isinstance(found, dict) else {}

    @property
    def chart(self) -> str:
        """The chart's name as the HelmRelease says it, or by where its OCIRepository has it; "" where neither does."""
        said = at(self.spec, "chart", "spec", "chart")
        return str(said or "") if "chartRef" not in self.spec else self.address.rpartition("/")[2]

    @cached_property
    def source(self) -> Object | None:
        """The object that is named, where it is in the build, or the only one of its name in the repo."""
        kind, name = self.reference.get("kind"), self.reference.get("name")
        space = self.reference.get("namespace") or self.release["metadata"].get("namespace")
        named = [it for it in self.objects if (it["kind"], it["metadata"].get("name")) == (kind, name)]
        near = [it for it in named if it["metadata"].get("namespace") in (space, None)] or named
        if near or kind != "HelmRepository":
            return near[0] if near else None
        others = [it.value for it in self.elsewhere(str(kind)) if it.name == name]
        urls = {str(at(it, "spec", "url")) for it in others}
        return others[0] if len(urls) == 1 else None

    @property
    def address(self) -> str:
        return str(at(self.source, "spec", "url") or "").rstrip("/")

    @property
    def version(self) -> str:
        if "chartRef" in self.spec:
            return str(at(self.source, "spec", "ref", "tag") or "")
        return str(at(self.spec, "chart", "spec", "version") or "")

    def where(self, kind: str, keys: Keys) -> str:
        """`FILE, line N` of what says `keys` of an object of a kind; the file itself where that cannot be told."""
        names = (self.target.name, str(self.reference.get("name")))
        own = [self.target, *([self.origin] if self.origin else [])]
        for target in (*own, *targets(self.files, kind)):
            if target.kind != kind or not target.name.endswith(names):
                continue
            try:
                number = target.line(self.files, keys)
            except Refused:
                continue
            if number:
                return f"{target.file}, line {number}"
        return self.target.file

    def elsewhere(self, kind: str) -> Iterator[Located]:
        """Of the whole repo."""
        paths = [path for path in sorted(self.top.rglob("*.y*ml")) if path.is_file()]
        return objects_of(kind, ((str(path.relative_to(self.top)), path.read_bytes()) for path in paths))


def targets(files: Mapping[str, bytes], kind: str) -> Iterator[Target]:
    return (Target(it.file, kind, it.name) for it in objects_of(kind, files.items()))
