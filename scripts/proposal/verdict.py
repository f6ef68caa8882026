"""Whether each environment would run the release as proposed.

The chart, rendered with the values that the environment's folder of the GitOps repo holds, is judged. plan, ship,
promote and the steps ask here, before anything is pushed.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from ..chart.files import of_archive
from ..chart.findings import Finding, refused
from ..chart.images import Released, released
from ..chart.judge import judge
from ..diff.overlay import HelmRelease
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops.layout import app
from ..image import name as image_name
from ..report import Report
from ..yaml.document import Path as Keys
from ..yaml.document import shown
from ..yaml.objects import parse
from .describe import shipped
from .intent import Change, Intent, prepare

MOST_CAUSES = 8


def preview(change: Change, repo: Repo | None, report: Report) -> None:
    """Refuses, before anything is pushed, what proposing `change` would refuse; without a `repo` nothing is
    proposed."""
    if repo is None:
        return
    with report.step("look at the GitOps repo"):
        check(change, repo, prepare(change, repo))


def check(change: Change, repo: Repo, intent: Intent) -> None:
    """Refuses what an environment would not run as proposed, with the files and keys that may be the cause.

    What cannot be rendered here is not judged: the proposal's body says so.
    """
    if not intent.proposes:
        return
    what = shipped(change, intent)
    repo.begin(intent.heads.base_head, intent.commit, intent.environments, what)
    try:
        files = of_archive(repo.shipped_chart(what).read_bytes())
    except Refused:
        return
    for environment in intent.environments:
        _check(environment, change, repo, intent, files)


def _check(environment: str, change: Change, repo: Repo, intent: Intent, files: Mapping[str, bytes]) -> None:
    waybill, config, what = change.waybill, change.config, shipped(change, intent)
    try:
        release = repo.release(intent.commit, environment, what)
        rendered = repo.after(intent.commit, environment, what)
    except Refused:
        return
    images = released(waybill, config)
    verdict = judge(rendered, files, images, namespace=release.namespace, config=release.values, chart=waybill.service)
    if found := [*_set_after_helm(release, images), *verdict.findings]:
        causes = list(_causes(repo.tree(intent.commit), waybill.service, environment, images))
        more = [f"{len(causes) - MOST_CAUSES} more"] if len(causes) > MOST_CAUSES else []
        raise refused(found, environment, causes[:MOST_CAUSES] + more)


def _set_after_helm(release: HelmRelease, images: Sequence[Released]) -> Iterator[Finding]:
    """Images that a post-renderer sets:
    https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/."""
    for item, image in product(release.images, images):
        named = image_name.read(str(item.get("name", "")))
        if named and named.repository == image.full and (item.get("digest") != image.digest or item.get("newName")):
            other = ", ".join(f"{key} {value}" for key, value in item.items() if key != "name")
            yield Finding(
                f"HelmRelease/{release.name}, postRenderers",
                f"sets the image {item['name']} to {other or 'nothing'}, while the release is {image}",
                "Take the image out of `postRenderers` of the HelmRelease.",
            )


def _causes(folder: Path, service: str, environment: str, images: Sequence[Released]) -> Iterator[str]:
    """`FILE, spec.values.image.tag` for each value of the environment that is about the image or turns a thing off."""
    about = {mapping for image in images for block in image.blocks for mapping in block.mapping}
    for part in ("base", environment):
        for file in sorted((folder / app(service) / part).rglob("*.yaml")):
            try:
                objects = parse(file.read_bytes())
            except ValueError:
                continue
            for item in objects:
                spec = item.get("spec") if item["kind"] == "HelmRelease" else None
                for path, value in _leaves(spec.get("values") if isinstance(spec, dict) else None):
                    if value in (False, 0) or any(path[: len(it)] == it for it in about):
                        yield f"{file.relative_to(folder)}, {shown(('spec', 'values', *path))}"


def _leaves(value: Any, path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif path:
        yield path, value
