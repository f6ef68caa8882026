"""Whether each environment would run the release as proposed.

The chart, rendered with the values that the environment's folder of the GitOps repo holds, is judged. plan, ship,
promote and the steps ask here, before anything is pushed.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from ..addresses import is_local
from ..chart.files import of_archive
from ..chart.findings import refused
from ..chart.images import Released, released
from ..chart.judge import judge
from ..chart.post_render import NotPostRendered
from ..clients.registry import Registry
from ..config import Config
from ..diff.overlay import HelmRelease
from ..diff.repo import OtherContent, Repo
from ..diff.trial import read_files
from ..document import check
from ..errors import Refused
from ..gitops.layout import adoption_branch
from ..gitops.post_renderers import parts
from ..report import Report
from ..yaml.document import Path as Keys
from ..yaml.document import shown
from ..yaml.objects import Object, parse
from . import flux_objects, gitless, installation
from .describe import told
from .gitless import said_of_source
from .intent import Change, Intent, Verdict, prepare, shipped
from .manifests import manifests_of, not_applied

MOST_CAUSES = 8
_ELSEWHERE = (
    "No checkout is here, whose waybill.toml says where images stand: add the address of the service's repository, "
    "`--remote {}`."
)


def preview(change: Change, repo: Repo | None, report: Report) -> None:
    """Refuses, before anything is pushed, what proposing `change` would refuse; without a `repo` nothing is
    proposed."""
    if repo is None:
        return
    with report.step(f"look at {where(change.config)}"):
        change, intent = examine(change, repo, report)
        offer(change, intent)
        if change.config.is_gitless and intent.outcome == "push":
            expect = intent.heads.branch_head or ""
            repo.git.push(change.remote, change.ref, intent.commit, expect=expect, rehearse=True)


def where(config: Config) -> str:
    return "manifests and moves" if config.is_gitless else "the GitOps repo"


def offer(change: Change, intent: Intent) -> None:
    """Refuses manifests that the registry has not and would not take; Denied where it says so."""
    if (found := intent.manifests) and not found.is_there:
        Registry(change.config.plain_http).offer(found.repository)


def examine(change: Change, repo: Repo, report: Report) -> tuple[Change, Intent]:
    """What propose will do, and what of it is not known; refused where it would be."""
    change, intent = decide(change, repo)
    tell(intent, report)
    remote, ref, token = change.remote, change.ref, change.config.forge_token
    if intent.outcome == "push" and token and not (change.config.is_gitless or is_local(remote)):
        repo.git.push(remote, ref, intent.commit, expect=intent.heads.branch_head or "", rehearse=True)
    return change, intent


def decide(change: Change, repo: Repo) -> tuple[Change, Intent]:
    """What propose has to do; refused where an environment would not run what is proposed, or no ledger would file it.
    With `allow_override` the change says which one would not run the images, and nothing claims there that it does."""
    if change.config.is_gitless:
        with said_of_source(change.config):
            return _decided(change, repo, gitless.prepare)
    return _decided(change, repo, prepare)


def _decided(change: Change, repo: Repo, prepare: Callable[[Change, Repo], Intent]) -> tuple[Change, Intent]:
    intent = prepare(change, repo)
    found = verdicts(change, repo, intent)
    overrides = {verdict.environment: said for verdict in found if (said := _allowed(verdict, change, repo, intent))}
    if overrides != change.overrides:
        change = structs.replace(change, overrides=overrides)
        intent = prepare(change, repo)
    found = tuple(structs.replace(verdict, overrides=overrides.get(verdict.environment, ())) for verdict in found)
    intent = structs.replace(intent, verdicts=found, manifests=intent.manifests or manifests_of(change, repo, intent))
    if intent.proposes:
        check(told(change, repo, intent))
    return change, intent


def tell(intent: Intent, report: Report) -> None:
    """What is not known of the environments, what to look at there, and which do not run the images."""
    for verdict in intent.verdicts:
        report.not_judged(verdict.environment, verdict.not_judged)
        report.overridden(verdict.environment, verdict.overrides)
        report.warned(verdict.environment, verdict.warnings)
        report.not_seen(verdict.unseen)


def verdicts(change: Change, repo: Repo, intent: Intent) -> tuple[Verdict, ...]:
    """One for each environment that is proposed."""
    if not intent.proposes:
        return ()
    what = shipped(change, intent)
    repo.begin(intent.heads.base_head, intent.commit, intent.environments, what)
    return tuple(_verdict(environment, change, repo, intent) for environment in intent.environments)


def _verdict(environment: str, change: Change, repo: Repo, intent: Intent) -> Verdict:
    waybill, what = change.waybill, shipped(change, intent)
    unseen = _of_flux(environment, change, repo, intent)
    try:
        unseen += flux_objects.unseen(environment, change, repo, intent)
        release = repo.release(intent.commit, environment, what)
        unseen += [*release.unseen, *installation.unseen(release, what, change.config)]
        files = of_archive(repo.shipped_chart(what).read_bytes())
        rendered = repo.after(intent.commit, environment, what)
    except (NotPostRendered, OtherContent, flux_objects.NotTaken):
        raise
    except Refused as error:
        return Verdict(environment, unseen, not_judged=" ".join(error.what.split()))
    judgement = judge(
        rendered,
        files,
        released(waybill, change.config),
        namespace=release.namespace,
        config=release.values,
        known=repo.renderer.known,
        chart=waybill.service,
    )
    judgement = structs.replace(
        judgement,
        images=[*judgement.images, *installation.keeps_image(release, change.config)],
        others=[*judgement.others, *installation.other_chart(release, what)],
        warnings=[*judgement.warnings, *_overtaken(environment, change, intent)],
    )
    return Verdict(environment, [*unseen, *judgement.unseen], judgement)


def _overtaken(environment: str, change: Change, intent: Intent) -> Iterator[str]:
    """An adoption that was not merged yet. What it holds changes no line of the release's, so git merges it after the
    release, and takes the release back."""
    branch, site = adoption_branch(change.config.service, environment), intent.sites.get(environment)
    if branch in intent.heads.adoptions and site and not site.manifests:
        yield (
            f"{branch} is there too, with the manifests of before this release. Merge one of the two, then run the "
            f"other's command again before you merge that: `waybill adopt --environment {environment} --artifact`, or "
            "this one"
        )


def _of_flux(environment: str, change: Change, repo: Repo, intent: Intent) -> list[str]:
    """What is not known of how Flux applies an environment."""
    if change.config.is_gitless:
        changes = "patches, images, substitution, targetNamespace"
        return [f"the Flux Kustomization of {environment}, and what it changes ({changes})"]
    appliers = repo.appliers(intent.commit, intent.sites[environment].folder)
    return [*appliers.unseen(), *not_applied(change, repo, intent, environment)]


def _allowed(verdict: Verdict, change: Change, repo: Repo, intent: Intent) -> tuple[str, ...]:
    """Why the environment does not run the images, with the files and keys that may be the cause, where that is
    allowed; all else that is wrong is refused."""
    found = verdict.judgement
    if found is None or not found.findings:
        return ()
    wrong = found.others if change.allow_override else found.findings
    release = repo.release(intent.commit, verdict.environment, shipped(change, intent))
    tree, folder = repo.tree(intent.commit).resolve(), intent.sites[verdict.environment].folder
    causes = list(_causes(tree, folder, release, released(change.waybill, change.config)))
    causes[MOST_CAUSES:] = [f"{len(causes) - MOST_CAUSES} more"] if len(causes) > MOST_CAUSES else []
    if wrong:
        error = refused(wrong, verdict.environment, causes)
        if change.history is None:
            error.remedy = f"{_ELSEWHERE.format(change.waybill.source.repository)}\n{error.remedy}"
        raise error
    return (*dict.fromkeys(map(str, found.images)), *causes)


def _causes(top: Path, folder: str, release: HelmRelease, images: Sequence[Released]) -> Iterator[str]:
    """`FILE, spec.values.image.tag` for each part of the environment that could be why it would not run `images`. Of
    what no file says of a HelmRelease, patches and the like are the cause: those that name the key."""
    told, others = set[Keys](), dict[str, bytes]()
    for file, text in read_files(top, folder).items():
        releases = _releases(text)
        others |= {} if releases else {file: text}
        for spec in (item.get("spec") for item in releases):
            for path in _overrides(spec if isinstance(spec, dict) else {}, images):
                told.add(path)
                yield f"{file}, {shown(('spec', *path))}"
    for name, values in release.config_maps:
        for path in _overrides({"values": values}, images):
            told.add(path)
            yield f"ConfigMap {name}, {shown(path[1:])}"
    if release.values_files:
        yield f"spec.chart.spec.valuesFiles of HelmRelease {release.name}, {' and '.join(release.values_files)}"
    built = {"values": release.values, "postRenderers": release.post_renderers}
    for path in (it for it in _overrides(built, images) if it not in told):
        key = str(next(it for it in reversed(path) if isinstance(it, str)))
        files = [file for file, text in others.items() if key.encode() in text]
        yield f"{' and '.join(files) or folder}, {shown(('spec', *path))}"


def _releases(text: bytes) -> list[Object]:
    try:
        return [item for item in parse(text) if item["kind"] == "HelmRelease"]
    except ValueError:
        return []


def _overrides(spec: dict[str, Any], images: Sequence[Released]) -> Iterator[Keys]:
    """Values that are about an image or turn a thing off, post-renderers that set an image or patch one, and what keeps
    earlier values."""
    upgrade = spec.get("upgrade")
    if isinstance(upgrade, dict) and upgrade.get("preserveValues"):
        yield ("upgrade", "preserveValues")
    about = {mapping for image in images for block in image.blocks for mapping in block.mapping}
    for path, value in _leaves(spec.get("values")):
        if value in (False, 0) or any(path[: len(it)] == it for it in about):
            yield ("values", *path)
    pins = [(block.post_render, image.digest) for image in images for block in image.blocks]
    for keys, item in parts(spec):
        if keys[3] == "patches" or (item.get("name"), item.get("digest")) not in pins:
            yield keys


def _leaves(value: Any, path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif path:
        yield path, value
