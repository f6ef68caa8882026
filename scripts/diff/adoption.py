"""Where the release of an environment is written in a file that people wrote, or why Waybill does not write it there.

What Waybill would write is tried on a copy and built as Flux builds it: the release has to change, and nothing else.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..config import Config
from ..document import Chart, Image, Source, Waybill
from ..errors import Refused
from ..gitops.files import ANNOTATIONS, CHART_VERSION, DIGEST, TAG, annotation
from ..gitops.render import name_release
from ..gitops.site import Existing, Site, Target, identity
from ..yaml.document import Path as Keys
from ..yaml.document import shown
from ..yaml.objects import Object
from ..yaml.stream import pieces
from .candidate import Candidate, at, targets
from .obstacles import refuse_obstacles, renames
from .roots import Root, roots_of
from .trial import build_with, read_files

MARK: Keys = ("metadata", "annotations", "waybill/trial")
OURS = {annotation(name)[-1] for name in ANNOTATIONS}
_DIGEST = f"sha256:{'f' * 64}"
# Another place that decides which chart is installed.
_ELSEWHERE = re.compile(r"/spec/(chart/spec/(version|chart)|chartRef|ref)\b|^\s*(replacements|vars):")


def site_of(top: Path, environment: str, config: Config, published: str | None) -> Site:
    """The site of `environment`, whose HelmRelease `config` names, in the repo that lies at `top`; where its charts are
    `published` (`oci://host/path`), if that is known."""
    top, service = top.resolve(), config.service
    release = _release(top, *(config.helmrelease(environment) or ("", "")), environment)
    root = _only_root(release, top, environment)
    files = read_files(top, root.folder)
    found = _built(top, root, files, release)
    refuse_obstacles(found, service, published, config.flux_version)
    source = found.origin
    if source and (others := [it for it in roots_of(source.file, top) if it != root]):
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
    site = Site(root.folder, release, source, existing)
    _try(top, site, files, found, service)
    return site


def _release(top: Path, file: str, name: str, environment: str) -> Target:
    """The HelmRelease `name` of `file`, or its only one."""
    path = top / file
    if not (path.resolve().is_relative_to(top) and path.is_file()):
        raise Refused(
            f"The GitOps repo has no file {file}, which is to be the HelmRelease of {environment}.",
            f"Correct `helmrelease` of {environment} in waybill.toml, or put the file back as it was.",
            fault="gitops",
        )
    every = [identity(piece.value) for piece in pieces(path.read_bytes(), name=file, fault="gitops")]
    names = [found for kind, found in every if kind == "HelmRelease"]
    chosen = [found for found in names if not name or found == name]
    if len(chosen) == 1:
        return Target(file, "HelmRelease", chosen[0])
    if any(kind == "ResourceSet" for kind, _ in every):
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


def _only_root(release: Target, top: Path, environment: str) -> Root:
    roots = roots_of(release.file, top)
    if not roots:
        raise Refused(
            f"No kustomization of the GitOps repo builds {release.file}.",
            "Name it in the kustomization.yaml beside it, or correct `helmrelease` in waybill.toml.",
            fault="gitops",
        )
    if len(roots) > 1:
        raise Refused(
            f"{release.file} is built by {' and by '.join(map(str, roots))}: more than one environment would get the "
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
    sources = list(_sources(files))
    for index, source in enumerate(sources):
        try:
            source.put(changed, MARK, str(index))
        except Refused:  # of no interest, unless it is the one; then it has no mark
            continue
    objects = build_with(changed, top, root)
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
    return replace(found, origin=sources[int(number)] if number.isdecimal() else None)


def _sources(files: dict[str, bytes]) -> Iterator[Target]:
    for file, data in files.items():
        if b"OCIRepository" not in data:
            continue
        for piece in pieces(data, name=file, fault="gitops"):
            kind, name = identity(piece.value)
            if kind == "OCIRepository":
                yield Target(file, kind, name)


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


def _try(top: Path, site: Site, files: dict[str, bytes], before: Candidate, service: str) -> None:
    """Refused where writing a release there would not change that release alone."""
    trial = Waybill(
        service=service,
        images=(Image(service, "trial", _DIGEST, manifests={}, checked=False),),
        source=Source(repository="trial", commit="f" * 40, committed_at="2026-01-01T00:00:00Z"),
        chart=Chart(name=service, version="0.0.0-trial", app_version="", repository="oci://trial", digest=_DIGEST),
    )
    changed = dict(files)
    name_release(changed, site, trial, claimed=True)
    after = build_with({path: data for path, data in changed.items() if data != files[path]}, top, before.root)
    release, source = (_same(after, it) for it in (before.release, before.source))
    said = [at(release, annotation("service")), at(release, CHART_VERSION)]
    wanted = [service, "0.0.0-trial"]
    if site.source:
        said[1:], wanted[1:] = [(at(source, ("spec", "ref")) or {}).get("tag")], ["0.0.0-trial"]
    if said != wanted:
        raise Refused(
            f"{site.release.file}: what is written there does not decide which version Flux installs"
            f"{_cause(files, before, site)}.",
            "Take out what else sets it, so that this file says the version.",
            fault="gitops",
        )
    pairs = zip_longest(_rest(after, release, source), _rest(before.objects, before.release, before.source))
    others = [f"{it['kind']} {it['metadata'].get('name')}" for new, old in pairs if new != old and (it := new or old)]
    if others:
        raise Refused(
            f"{site.release.file}: a release written there would change {' and '.join(others)} as well"
            f"{_cause(files, before, site)}.",
            "Let this file set nothing but its own HelmRelease.",
            fault="gitops",
        )


def _same(objects: list[Object], item: Object | None) -> Object | None:
    return next((it for it in objects if item and _key(it) == _key(item)), None)


def _key(item: Object) -> tuple[Any, ...]:
    return item["kind"], item["metadata"].get("namespace"), item["metadata"].get("name")


def _rest(objects: list[Object], release: Object | None, source: Object | None) -> list[Object]:
    """All objects without what a release changes."""
    return [_bare(it) if it is release or it is source else it for it in objects]


def _bare(item: Object) -> Object:
    annotations = item["metadata"].get("annotations") or {}
    kept = {key: text for key, text in annotations.items() if key not in OURS}
    spec = item.get("spec") or {}
    if item["kind"] == "OCIRepository":
        spec = {**spec, "ref": {key: it for key, it in (spec.get("ref") or {}).items() if key not in ("tag", "digest")}}
    elif isinstance(spec.get("chart"), dict):
        inner = spec["chart"].get("spec") or {}
        inner = {key: it for key, it in inner.items() if key not in ("chart", "version")}
        spec = {**spec, "chart": {**spec["chart"], "spec": inner}}
    return {**item, "metadata": {**item["metadata"], "annotations": kept}, "spec": spec}


def _cause(files: dict[str, bytes], found: Candidate, site: Site) -> str:
    """The first place that could be why, with its line."""
    applied = found.root.flux
    if applied:
        files = {**files, applied.file: (found.top / applied.file).read_bytes()}
    for target in (*targets(files, "HelmRelease"), *targets(files, "OCIRepository")):
        if target.name not in {it.name for it in (site.release, site.source) if it}:
            continue
        for keys in (CHART_VERSION, TAG, DIGEST) if target not in (site.release, site.source) else ():
            with suppress(Refused):
                if number := target.line(files, keys):
                    return f" ({target.file}, line {number}: {shown(keys)})"
    for file, data in files.items():
        for number, text in enumerate(data.decode(errors="replace").splitlines(), 1):
            if _ELSEWHERE.search(text):
                return f" ({file}, line {number}: {text.strip()})"
    return f" ({applied.file}: its patches)" if applied and applied.patches else ""
