"""The Flux Kustomizations that lie in a GitOps repo: https://fluxcd.io/flux/components/kustomize/kustomizations/."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from posixpath import join, normpath
from typing import Any

from msgspec import Struct, structs

from ..addresses import is_local, normalise
from ..gitops.objects import Located, objects_of
from ..gitops.render import MADE_OF
from ..gitops.site import Target
from ..yaml.objects import Object, at, group_of, parse
from .bases import walk
from .sources import GIT, OCI, nearest

GROUP = "kustomize.toolkit.fluxcd.io"
PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


class FluxKustomization(Struct, frozen=True):
    """`folder` is what it applies, itself or, with `is_made`, as an artifact that is made of it, `.` for the whole
    repo; `file` is where it stands. `sources` are those of the repo that can be its own."""

    file: str
    name: str
    folder: str
    spec: dict[str, Any]
    namespace: str = ""
    is_made: bool = False
    sources: tuple[Located, ...] = ()

    @property
    def source(self) -> tuple[str, str]:
        """Kind and name."""
        kind, name = (at(self.spec, "sourceRef", key) for key in ("kind", "name"))
        return str(kind or ""), str(name or "")

    @property
    def artifact(self) -> Target | None:
        """The OCIRepository of the artifact that `waybill adopt` moved it to, which then lies beside it in its file."""
        kind, name = self.source
        file = next((it.file for it in self.sources), self.file)
        return Target(file, OCI, name) if self.is_made and kind == OCI else None

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


def flux_kustomizations(root: Path, remote: str = "") -> Iterator[FluxKustomization]:
    """Those in the files of the repo that lies at `root`, but for those that apply something else: what a GitRepository
    has with an address that ends in another name than that of `remote`; or the whole of an artifact, where others get
    this repo from git."""
    files = {str(file.relative_to(root)): file.read_bytes() for file in walk(root, (".yaml", ".yml"))}
    sources = [it for kind in (GIT, OCI) for it in objects_of(kind, files.items())]
    others = _other_sources(sources, remote)
    found = [it for it in _every(files) if it.source[0] != GIT or it.source[1] not in others]
    from_git = any(it.source[0] == GIT for it in found)
    for it in found:
        if it.folder != "." or it.source[0] in (GIT, "") or not from_git:
            mine = [source for source in sources if (source.kind, source.name) == it.source]
            yield structs.replace(it, sources=nearest(mine, it.file))


def _every(files: Mapping[str, bytes]) -> Iterator[FluxKustomization]:
    for file, text in files.items():
        try:
            objects = parse(text) if f"{GROUP}/v".encode() in text else []
        except ValueError:
            continue
        yield from filter(None, (flux_kustomization(item, file) for item in objects))


def _other_sources(sources: Iterable[Located], remote: str) -> set[str]:
    """Names of GitRepositories; mirrors and forks are called as their origin."""
    if not remote or is_local(remote):
        return set()
    called: dict[str, set[str]] = {}
    for it in (it for it in sources if it.kind == GIT):
        spec = it.value.get("spec")
        url = normalise(str(spec.get("url") or "")) if isinstance(spec, dict) else ""
        called.setdefault(it.name, set()).add(url.rpartition("/")[2].lower())
    ours = normalise(remote).rpartition("/")[2].lower()
    return {name for name, theirs in called.items() if ours not in theirs and "" not in theirs}


def applier(every: Iterable[FluxKustomization], folder: str) -> FluxKustomization | None:
    """The one that applies `folder`: as its own, or as the nearest one above it."""
    above = [it for it in every if it.folder == "." or PurePosixPath(folder).is_relative_to(it.folder)]
    return max(above, key=lambda it: len(PurePosixPath(it.folder).parts), default=None)


def flux_kustomization(item: Object, file: str) -> FluxKustomization | None:
    """The object, if it is one."""
    if item["kind"] != "Kustomization" or group_of(item) != GROUP or not isinstance(item.get("spec"), dict):
        return None
    name, namespace = (str(item["metadata"].get(key) or "") for key in ("name", "namespace"))
    made_of = item["metadata"].get("annotations")
    place = (made_of or {}).get(MADE_OF) if isinstance(made_of or {}, dict) else None
    folder = str(PurePosixPath(normpath(join("/", str(place or item["spec"].get("path") or "")))).relative_to("/"))
    return FluxKustomization(file, name, folder, item["spec"], namespace, is_made=bool(place))
