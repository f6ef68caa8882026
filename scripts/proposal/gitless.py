"""What a release changes where there is no GitOps repo: the source repository holds the manifests and, by a ref for
each environment, which release it gets.

A version is lowered only by a rollback. What an environment got under a version once, it gets under it again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from semver import Version

from ..clients.git_filters import refuse_left
from ..clients.registry import Registry
from ..config import Config
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops import layout
from ..gitops.artifact import OciArtifact
from ..gitops.clone import Heads
from ..gitops.layout import Files
from ..gitops.render import UNPUBLISHED, render
from ..source.moves import TagMove, beginning, moves, trailers
from .body import commit_message, version
from .content import packed
from .intent import Change, Intent, Manifests, no_rollback, superseded
from .manifests import place_of_artifact, refuse_other_release


def prepare(change: Change, repo: Repo) -> Intent:
    """Looks at the environment's moves and at the registry, and decides."""
    (environment,), waybill, git = change.environments, change.waybill, repo.git
    every, wanted = moves(git, change.remote, change.ref), version(change.waybill)
    newest = every[0] if every else None
    head = newest.commit if newest else None
    heads = Heads(change.ref, head or beginning(git), change.ref, head, git)
    if newest and newest.version != wanted:
        higher = Version.parse(newest.version) > Version.parse(wanted)
        if higher and change.kind != "rollback":
            return superseded(change, {environment: f"{environment} has {newest.version}"}, heads, None)
        if change.kind == "rollback" and not higher:
            raise no_rollback(change, change.environments)
    before = next((it for it in every if it.version == wanted), None)
    found = _as_before(change, environment, before) if before else None
    files = git.files(before.commit, layout.app(waybill.service)) if before and found else _filled(change, repo)
    tree = git.write_tree(beginning(git), files)
    sites = {environment: repo.site(tree, environment, change.config, None)}
    found = found or _new(change, environment, tree, repo)
    is_overridden = environment in change.overrides or bool(before and before.overridden)
    overridden = change.environments if is_overridden else ()
    more: dict[str, Any] = {"overridden": overridden, "sites": sites, "manifests": found}
    if newest and (newest.version, newest.digest) == (wanted, found.digest):
        said = f"{environment} has {wanted} already"
        return Intent("held", said, heads, None, change.environments, newest.commit, **more)
    message = _message(change, found, overridden)
    commit, patch = repo.commit(beginning(git), heads.base_head, files, message, int(time.time()))
    said = f"{environment} gets {wanted}" + (f" after {newest.version}" if newest else "")
    return Intent("push", said, heads, None, change.environments, commit, patch, **more)


def _message(change: Change, found: Manifests, overridden: tuple[str, ...]) -> str:
    shape, reason = change.config.commit_title, change.reason
    said = commit_message(change.waybill, change.environments, reason, None, overridden, shape=shape)
    digest = found.digest if found.packed.known else UNPUBLISHED
    told = " ".join((reason or "").split())
    return said + trailers(digest, change.kind, told, overridden=bool(overridden))


def _filled(change: Change, repo: Repo) -> Files:
    """The manifests of the release commit with the release in them, where a GitOps repo would have them; refused where
    the environment has none."""
    (environment,), waybill, config = change.environments, change.waybill, change.config
    commit, top = str(waybill.source.release_commit), layout.app(waybill.service)
    there = repo.git.files(commit, config.manifests)
    for path, data in there.items():
        refuse_left(path, data)
    if not layout.holds(there, f"{config.manifests}/{environment}"):
        raise Refused(
            f"{waybill.source.commit[:12]} holds no {config.manifests}/{environment}, of which the manifests of "
            f"{environment} are made.",
            f"`waybill init --artifact {config.artifact}` writes that folder: commit it. One that lies elsewhere, "
            "`manifests` in waybill.toml names.",
            fault="you",
        )
    files = {f"{top}{path.removeprefix(config.manifests)}": data for path, data in there.items()}
    site = repo.site(repo.git.write_tree(beginning(repo.git), files), environment, config, None)
    changed = render(
        files, waybill, config, change.environments, overridden=change.overrides, sites={environment: site}
    )
    return {**files, **changed}


def _as_before(change: Change, environment: str, before: TagMove) -> Manifests | None:
    """What the environment got under this version; None where the registry has it no more."""
    repository, registry = place_of_artifact(change.config, environment), Registry(change.config.plain_http)
    there, body = registry.manifest(repository, before.digest), registry.read(repository, before.digest)
    if there is None or body is None:
        return None
    refuse_other_release(there, f"{repository}@{before.digest}", change.waybill)
    return Manifests(repository, version(change.waybill), OciArtifact(body, b"", b""), is_there=True)


def _new(change: Change, environment: str, tree: str, repo: Repo) -> Manifests:
    waybill, repository = change.waybill, place_of_artifact(change.config, environment)
    it, tag = packed(waybill, repo, tree, layout.overlay(waybill.service, environment)), version(waybill)
    there = Registry(change.config.plain_http).manifest(repository, tag)
    if there is not None:
        refuse_other_release(there, f"{repository}:{tag}", waybill)
        if there.digest != it.digest:
            raise Refused(
                f"{repository}:{tag} is published with other content ({there.digest}), and what kustomize makes of "
                f"{change.config.manifests}/{environment} is {it.digest if it.known else 'another'}.",
                "A published version is never overwritten. Find out who pushed it: another version of kustomize may "
                "write the same otherwise. Free that tag in the registry, or ship another commit.",
                fault="registry",
            )
    return Manifests(repository, tag, it, is_there=there is not None)


def in_source(text: str, config: Config) -> str:
    """What is said of a GitOps repo, of the manifests in the source repository."""
    top = layout.app(config.service)
    return text.replace(f"{top}/", f"{config.manifests}/").replace("the GitOps repo", "the release commit")


@contextmanager
def said_of_source(config: Config) -> Iterator[None]:
    try:
        yield
    except Refused as error:
        error.what, error.remedy = in_source(error.what, config), in_source(error.remedy, config)
        error.fault = "repository" if error.fault == "gitops" else error.fault
        raise
