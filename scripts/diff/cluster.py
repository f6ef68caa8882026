"""The cluster of an environment, as the GitOps repo shows it: the folder that Flux applies there, and what is in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import Refused
from ..yaml.objects import Object, group_of, parse
from .bases import reach
from .kustomizations import FluxKustomization, flux_kustomization
from .overlay import build

HELM = "helm.toolkit.fluxcd.io"
SYSTEM = "flux-system"  # where Flux is, unless somebody says otherwise


class Cluster(Struct, frozen=True):
    """`folder` is what `flux` applies; that is None where it does not lie in the GitOps repo. `branch` is the one that
    Flux reads, `url` its address of the repo, "" where the repo does not tell."""

    folder: str
    flux: FluxKustomization | None
    branch: str = ""
    url: str = ""

    @property
    def namespace(self) -> str:
        """That of Flux."""
        return (self.flux.namespace if self.flux else "") or SYSTEM

    def __str__(self) -> str:
        by = f"by Kustomization {self.flux.name} ({self.flux.file})" if self.flux else "by what is not in this repo"
        return f"{self.folder}, applied {by}"


class Applied(Struct, frozen=True):
    """What Flux applies to a cluster: its objects, each with the namespace that it gets ("" where none is told), and
    what of it is not seen, in sentences without a full stop."""

    objects: Sequence[tuple[str, Object]]
    unseen: Sequence[str]

    def of(self, group: str, *kinds: str) -> Iterator[tuple[str, Object]]:
        for namespace, item in self.objects:
            if group_of(item) == group and item["kind"] in kinds:
                yield namespace, item


def cluster_of(top: Path, every: Sequence[FluxKustomization], environment: str, path: str | None) -> Cluster:
    """That of `environment` in the repo that lies at `top`, whose Flux Kustomizations are `every`: what applies the
    folder `path`, else clusters/<environment>, else the folder of that name that a Kustomization applies which no other
    one does. Refused where there is none, or more than one."""
    top = top.resolve()
    reads = {it.folder: reach(top / it.folder, top) for it in every if (top / it.folder).is_dir()}
    roots = [
        it for it in every if not any(other != it and top / it.file in reads.get(other.folder, ()) for other in every)
    ]
    if path is not None:
        folders = [str(Path(path))]
    elif (top / "clusters" / environment).is_dir():
        folders = [f"clusters/{environment}"]
    else:
        folders = sorted({it.folder for it in roots if Path(it.folder).name == environment})
    if len(folders) != 1 or not ((top / folders[0]).resolve().is_relative_to(top) and (top / folders[0]).is_dir()):
        known = ", ".join(sorted({it.folder for it in roots})) or "none that it names"
        raise Refused(
            f"The GitOps repo has {'several folders' if len(folders) > 1 else f'no folder {folders[0]}'}"
            f"{'' if path else f' for the cluster of {environment}'}."
            if folders
            else f"Which folder of the GitOps repo Flux applies to the cluster of {environment} cannot be told.",
            f"Name the folder with --path; what Flux applies by itself is {known}.",
            fault="you",
        )
    flux = next((it for it in every if it.folder == folders[0]), None)
    # What somebody else's Kustomization applies, of this folder or above it, comes from elsewhere.
    above = (it for it in roots if Path(folders[0]).is_relative_to(it.folder) or it.folder == ".")
    place = (top / folders[0]).resolve()
    comes = (it for it in above if any(read.is_relative_to(place) for read in reads.get(it.folder, ())))
    flux = flux or next(comes, None)
    return Cluster(folders[0], flux, *_source(top, flux))


def applied(top: Path, cluster: Cluster) -> Applied:
    """All that is built from the cluster's folder, and from the folders that Flux Kustomizations in it name."""
    top, objects, unseen = top.resolve(), list[tuple[str, Object]](), list[str]()
    patches = cluster.flux.patches if cluster.flux and cluster.flux.folder == cluster.folder else []
    target = str(cluster.flux.spec.get("targetNamespace") or "") if cluster.flux else ""
    left, seen = [(cluster.folder, patches, target)], set[tuple[str, str]]()
    while left:
        folder, patches, target = left.pop(0)
        if (folder, target) in seen:
            continue
        seen.add((folder, target))
        try:
            built = build(top / folder, top, patches)
        except Refused as error:
            if error.fault == "machine":
                raise
            unseen.append(f"what {folder} applies: {error.what.rstrip('.')}")
            continue
        for item in built:
            objects.append((target or str(item["metadata"].get("namespace") or ""), item))
            if item["kind"] == "ResourceSet":
                unseen.append(f"what ResourceSet {item['metadata'].get('name')} makes")
        for below in filter(None, (flux_kustomization(item, folder) for item in built)):
            inside = folder_of(below, cluster, objects)
            if inside is None or not (top / inside).is_dir():
                source = below.spec.get("sourceRef") or {}
                unseen.append(f"what Kustomization {below.name} applies from {source.get('kind')} {source.get('name')}")
            else:
                left.append((inside, below.patches, str(below.spec.get("targetNamespace") or "")))
    return Applied(objects, list(dict.fromkeys(unseen)))


def folder_of(it: FluxKustomization, cluster: Cluster, objects: Sequence[tuple[str, Object]]) -> str | None:
    """The folder of the repo that a Kustomization applies, None where it comes from elsewhere."""
    source: Any = it.spec.get("sourceRef") or {}
    known: Any = (cluster.flux.spec.get("sourceRef") or {}) if cluster.flux else {}
    if source.get("kind") == "GitRepository" and source.get("name") == known.get("name", source.get("name")):
        return it.folder
    if source.get("kind") != "ExternalArtifact":
        return None
    for generator in (item.get("spec") for _, item in objects if item["kind"] == "ArtifactGenerator"):
        for part in (generator.get("artifacts") or []) if isinstance(generator, dict) else []:
            if part.get("name") == source.get("name") and (found := _copied(part.get("copy") or [], it.folder)):
                return found
    return None


def _copied(copies: Sequence[Any], folder: str) -> str | None:
    """Where a folder of an artifact comes from: https://fluxcd.io/flux/components/source/artifactgenerators/"""
    for copy in copies:
        come, go = (str(copy.get(key) or "") for key in ("from", "to"))
        into, origin = Path(go.removeprefix("@artifact/")), come.partition("/")[2]
        if go.startswith("@artifact/") and origin.endswith("/**") and Path(folder).is_relative_to(into):
            return str(Path(origin.removesuffix("/**")) / Path(folder).relative_to(into))
    return None


def _source(top: Path, flux: FluxKustomization | None) -> tuple[str, str]:
    """Branch and address of the source of a Kustomization, which stands beside it."""
    source = flux.spec.get("sourceRef") if flux else None
    if flux is None or not isinstance(source, dict):
        return "", ""
    for file in sorted((top / flux.file).parent.glob("*.y*ml")):
        try:
            objects = parse(file.read_bytes())
        except ValueError:
            continue
        for item in objects:
            if (item["kind"], item["metadata"].get("name")) == ("GitRepository", source.get("name")):
                spec: Any = item.get("spec") or {}
                return str((spec.get("ref") or {}).get("branch") or ""), str(spec.get("url") or "")
    return "", ""
