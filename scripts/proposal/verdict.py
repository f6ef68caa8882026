"""Whether each environment would run the release as proposed.

The chart, rendered with the values that the environment's folder of the GitOps repo holds, is judged. plan, ship,
promote and the steps ask here, before anything is pushed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..chart.files import of_archive
from ..chart.findings import refused
from ..chart.images import Released, released
from ..chart.judge import judge
from ..chart.post_render import NotPostRendered
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops.layout import app
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
        decide(change, repo)


def decide(change: Change, repo: Repo) -> tuple[Change, Intent]:
    """What propose has to do; refused where an environment would not run what is proposed. With `allow_override` the
    change says which one would not run the images, and nothing claims there that it does."""
    intent = prepare(change, repo)
    found = check(change, repo, intent)
    if found == change.overrides:
        return change, intent
    change = replace(change, overrides=found)
    return change, prepare(change, repo)


def check(change: Change, repo: Repo, intent: Intent) -> dict[str, tuple[str, ...]]:
    """Refuses what an environment would not run as proposed, with the files and keys that may be the cause; where that
    is allowed, they are returned by environment.

    What cannot be rendered here is not judged: the proposal's body says so.
    """
    if not intent.proposes:
        return {}
    what = shipped(change, intent)
    repo.begin(intent.heads.base_head, intent.commit, intent.environments, what)
    try:
        files = of_archive(repo.shipped_chart(what).read_bytes())
    except Refused:
        return {}
    found = {name: _check(name, change, repo, intent, files) for name in intent.environments}
    return {name: overrides for name, overrides in found.items() if overrides}


def _check(environment: str, change: Change, repo: Repo, intent: Intent, files: Mapping[str, bytes]) -> tuple[str, ...]:
    waybill, config, what = change.waybill, change.config, shipped(change, intent)
    try:
        release = repo.release(intent.commit, environment, what)
        rendered = repo.after(intent.commit, environment, what)
    except NotPostRendered:
        raise
    except Refused:
        return ()
    images = released(waybill, config)
    verdict = judge(rendered, files, images, namespace=release.namespace, config=release.values, chart=waybill.service)
    wrong = verdict.others if change.allow_override else verdict.findings
    if not verdict.images and not wrong:
        return ()
    causes = list(_causes(repo.tree(intent.commit), waybill.service, environment, images))
    causes[MOST_CAUSES:] = [f"{len(causes) - MOST_CAUSES} more"] if len(causes) > MOST_CAUSES else []
    if wrong:
        raise refused(wrong, environment, causes)
    return (*dict.fromkeys(map(str, verdict.images)), *causes)


def _causes(folder: Path, service: str, environment: str, images: Sequence[Released]) -> Iterator[str]:
    """`FILE, spec.values.image.tag` for each part of the environment that could be why it would not run `images`."""
    for part in ("base", environment):
        for file in sorted((folder / app(service) / part).rglob("*.yaml")):
            try:
                objects = parse(file.read_bytes())
            except ValueError:
                continue
            for spec in (item.get("spec") for item in objects if item["kind"] == "HelmRelease"):
                for path in _overrides(spec if isinstance(spec, dict) else {}, images):
                    yield f"{file.relative_to(folder)}, {shown(('spec', *path))}"


def _overrides(spec: dict[str, Any], images: Sequence[Released]) -> Iterator[Keys]:
    """Values that are about an image or turn a thing off, and post-renderers that set an image or patch one."""
    about = {mapping for image in images for block in image.blocks for mapping in block.mapping}
    for path, value in _leaves(spec.get("values")):
        if value in (False, 0) or any(path[: len(it)] == it for it in about):
            yield ("values", *path)
    pins = [(block.post_render, image.digest) for image in images for block in image.blocks]
    for index, renderer in enumerate(spec.get("postRenderers") or []):
        for field, items in (renderer.get("kustomize") or {}).items():
            for number, item in enumerate(items):
                if field == "patches" or (item.get("name"), item.get("digest")) not in pins:
                    yield ("postRenderers", index, "kustomize", field, number)


def _leaves(value: Any, path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif path:
        yield path, value
