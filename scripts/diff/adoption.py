"""Where the release of an environment is written in a file that people wrote, or why Waybill does not write it there.

What Waybill would write is tried on a copy and built as Flux builds it: the release has to change, and nothing else.
"""

import re
from collections.abc import Sequence
from os.path import isfile  # Path's own raises for a name that is too long
from pathlib import Path

from msgspec import structs

from ..config import Config
from ..errors import Refused
from ..gitops.objects import objects_in
from ..gitops.site import Existing, Site, Target
from ..gitops.tries import told
from ..yaml.document import Path as Keys
from ..yaml.objects import Object
from .candidate import Candidate, targets
from .kustomizations import FluxKustomization
from .obstacles import refuse_obstacles, renames
from .roots import Root, Roots
from .trial import build_with, read_files, try_release

MARK: Keys = ("metadata", "annotations", "waybill/trial")


def site_of(
    top: Path, every: Sequence[FluxKustomization], environment: str, config: Config, published: str | None
) -> Site:
    """The site of `environment`, whose HelmRelease `config` names, in the repo that lies at `top`, whose Flux
    Kustomizations are `every`; where its charts are `published` (`oci://host/path`), if that is known."""
    top, service = top.resolve(), config.service
    release = _release(top, *(config.helmrelease(environment) or ("", "")), environment)
    roots = Roots(top, every)
    root = _only_root(release, roots, environment)
    files = read_files(top, root.folder)
    found = _built(top, root, files, release)
    refuse_obstacles(found, service, published, config.flux_version)
    source = found.origin
    if source and (others := [it for it in roots.of(source.file) if it != root]):
        raise Refused(
            f"{source.file}: OCIRepository {source.name} is built by {' and by '.join(map(str, [root, *others]))}, so "
            f"that a release to {environment} would be one to the others.",
            f"Write a patch of it into {root.folder}, with `spec: {{ref: {{tag: ..., digest: ...}}}}`.",
            fault="gitops",
        )
    spec, metadata = found.spec, found.release["metadata"]
    existing = Existing(
        name=str(metadata.get("name")),
        namespace=metadata.get("namespace"),
        version=found.version,
        chart=_address(found),
        inherited=tuple(spec.get("postRenderers") or ()),
        flux=(root.flux.file, root.flux.spec) if root.flux else None,
        renames=renames(found, service),
    )
    site = Site(root.folder, release, source, existing, told(spec), root.flux.artifact if root.flux else None)
    try_release(site, files, found, service)
    return site


def _release(top: Path, file: str, name: str, environment: str) -> Target:
    """The HelmRelease `name` of `file`, or its only one."""
    path = top / file
    if not (isfile(path) and path.resolve().is_relative_to(top)):
        raise Refused(
            f"The GitOps repo has no file {file}, which is to be the HelmRelease of {environment}.",
            f"Correct `helmrelease` of {environment} in waybill.toml, or put the file back as it was; a symbolic link "
            "is none, nor what `.sourceignore` names: Flux leaves both out.",
            fault="gitops",
        )
    every = objects_in(file, path.read_bytes())
    names = [it.name for it in every if it.kind == "HelmRelease"]
    chosen = [found for found in names if not name or found == name]
    if len(chosen) == 1:
        return Target(file, "HelmRelease", chosen[0])
    if any(it.kind == "ResourceSet" for it in every):
        raise Refused(
            f"{file} is a ResourceSet, whose inputs say the version of what it makes.",
            "Write the HelmRelease into a file of its own.",
            fault="gitops",
        )
    holds = f"{len(chosen)} called {chosen[0]}" if len(chosen) > 1 and name else " and ".join(names) or "none"
    raise Refused(
        f"{file} is to hold the HelmRelease {f'{name} ' if name else ''}of {environment}, and holds {holds}.",
        f"Name the one that is meant, {file}#NAME; two of one name need a file each."
        if names
        else "Name a file with a HelmRelease, or with a patch of one that is written as a HelmRelease.",
        fault="gitops",
    )


def _only_root(release: Target, every: Roots, environment: str) -> Root:
    roots = every.of(release.file)
    if not roots:
        raise Refused(
            f"No kustomization of the GitOps repo builds {release.file}.",
            "Name it in the kustomization.yaml beside it, or correct `helmrelease` in waybill.toml.",
            fault="gitops",
        )
    if len(roots) > 1:
        raise Refused(
            f"{release.file} is built by {' and by '.join(map(str, roots))}: more than one environment could get the "
            f"release of {environment}.",
            f"Write a patch of HelmRelease {release.name} into a folder that {environment} alone builds, with the "
            "version that runs now as spec.chart.spec.version, and adopt that file.",
            fault="gitops",
        )
    return roots[0]


def _built(top: Path, root: Root, files: dict[str, bytes], release: Target) -> Candidate:
    """What a build makes of the file: marked documents are found again in it."""
    changed = dict(files)
    release.put(changed, MARK, "release")
    sources = list(targets(files, "OCIRepository"))
    unmarked: dict[str, Refused] = {}  # of no interest, unless it is the one
    for index, source in enumerate(sources):
        try:
            source.put(changed, MARK, str(index))
        except Refused as error:
            unmarked[source.name] = error
    objects = build_with(changed, root)
    marks = {id(it): _mark(it) for it in objects}
    marked = [it for it in objects if it["kind"] == "HelmRelease" and marks[id(it)] == "release"]
    if len(marked) != 1:
        names = " and ".join(str(it["metadata"].get("name")) for it in marked)
        raise Refused(
            f"{release.file}: a build of {root.folder} makes {len(marked)} HelmReleases of it{names and f', {names}'}.",
            "Let it be one HelmRelease of the build, or a patch of one.",
            fault="gitops",
        )
    found = Candidate(release, marked[0], objects, files, root, top)
    number = marks.get(id(found.source), "") if "chartRef" in found.spec else ""
    called = str(found.reference.get("name"))
    if not number and (why := next((it for name, it in unmarked.items() if name in called), None)):
        raise why
    return structs.replace(found, origin=sources[int(number)] if re.fullmatch("[0-9]+", number) else None)


def _mark(item: Object) -> str:
    """The mark of an object, which then has none."""
    annotations = item["metadata"].get("annotations")
    found = str(annotations.pop(MARK[-1], "")) if isinstance(annotations, dict) else ""
    if annotations == {}:
        del item["metadata"]["annotations"]
    return found


def _address(found: Candidate) -> str:
    """`host/path/name` of the chart, "" where its source is not in the repo."""
    address = found.address.removeprefix("oci://")
    return address if "chartRef" in found.spec or not address else f"{address}/{found.chart}"
