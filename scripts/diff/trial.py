"""A copy of the GitOps repo in which a release is written, to see what Flux then builds."""

import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..document import Chart, Image, Source, Waybill
from ..errors import Refused
from ..folder import lay_out
from ..gitops.files import ANNOTATIONS, CHART_VERSION, DIGEST, TAG, annotation, written
from ..gitops.render import name_release
from ..gitops.site import Site, Target
from ..gitops.tries import told
from ..yaml.document import Path as Keys
from ..yaml.document import shown
from ..yaml.objects import Object, at
from .bases import FILES, reach
from .candidate import Candidate, targets
from .overlay import build
from .roots import Root

OURS = {annotation(name)[-1] for name in (*ANNOTATIONS, *told(None))}
ANNOTATION = str(annotation("")[-1])
_PROBE = "0.0.0-probe"
_DIGEST = f"sha256:{'f' * 64}"
# Another place that decides which chart is installed.
_ELSEWHERE = re.compile(r"/spec/(chart/spec/(version|chart)|chartRef|ref)\b|^\s*(replacements|vars):")


def read_files(top: Path, folder: str) -> dict[str, bytes]:
    """The files that a build of `folder` reads, by their paths in the repo that lies at `top`."""
    reached = reach(top / folder, top)
    own = {it / name for it in reached for name in FILES}  # one that names nothing is reached as its folder alone
    return {str(it.relative_to(top)): it.read_bytes() for it in sorted(reached | own) if it.is_file()}


def build_with(files: Mapping[str, bytes], root: Root) -> list[Object]:
    """The objects of a folder whose build reads `files` alone, as its Flux Kustomization patches them."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as made:
        copy = Path(made, "repo")
        for path, data in files.items():
            lay_out(copy / path, data, path)
        return build(copy / root.folder, copy, root.flux.patches if root.flux else ())


def try_release(site: Site, files: dict[str, bytes], before: Candidate, service: str) -> None:
    """Refused where writing a release there would not change that release alone."""
    trial = Waybill(
        service=service,
        images=(Image(service, "trial", _DIGEST, manifests={}, checked=False),),
        source=Source(repository="trial", commit="f" * 40, committed_at="2026-01-01T00:00:00Z"),
        chart=Chart(name=service, version="0.0.0-trial", app_version="", repository="oci://trial", digest=_DIGEST),
    )
    changed = dict(files)
    name_release(changed, site, trial, claimed=True)
    try:
        after = build_with(changed, before.root)
    except Refused as error:
        raise Refused(
            f"{site.release.file}: with a release written there Flux could not build it{_cause(files, before, site)}: "
            f"{error.what}",
            "Let what it names allow another version.",
            fault=error.fault,
        ) from error
    release, source = (_same(after, it) for it in (before.release, before.source))
    decided = all(
        at(release if target == site.release else source, *keys) == target.read(changed, keys)
        for target, keys in written(site)
    )
    if not decided:
        raise Refused(
            f"{site.release.file}: Flux does not get what is written there"
            f"{_other(changed, before, site) or _cause(files, before, site)}.",
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


def _other(files: dict[str, bytes], found: Candidate, site: Site) -> str:
    """The file, with the line, by which another version gets into what Flux builds of `files`."""
    names = {it.name for it in (site.release, site.source) if it}
    every = [it for kind in ("HelmRelease", "OCIRepository") for it in targets(files, kind)]
    for target in (it for it in every if it.name in names and it not in (site.release, site.source)):
        for keys in (CHART_VERSION, TAG, DIGEST):
            with suppress(Refused):
                number = target.line(files, keys)
                if number and _shows(found, files, target, keys):
                    return f" ({target.file}, line {number}: {shown(keys)})"
    return ""


def _shows(found: Candidate, files: Mapping[str, bytes], target: Target, keys: Keys) -> bool:
    """Whether a build has what `target` has at `keys`."""
    probe = dict(files)
    target.put(probe, keys, _PROBE)
    return any(at(it, *keys) == _PROBE for it in build_with(probe, found.root))


def _cause(files: dict[str, bytes], found: Candidate, site: Site) -> str:
    """The first line that could be why."""
    applied = found.root.flux
    if applied:
        files = {**files, applied.file: (found.top / applied.file).read_bytes()}
    for file, data in files.items():
        for number, text in enumerate(data.decode(errors="replace").splitlines(), 1):
            if _ELSEWHERE.search(text) or (file not in site.files and ANNOTATION in text):
                return f" ({file}, line {number}: {text.strip()})"
    return f" ({applied.file}: its patches)" if applied and applied.patches else ""
