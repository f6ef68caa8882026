"""connect: proposes what lets the ledger hear an environment, and makes the key by which it knows its events.

No release changes, and no service is needed: what is heard is whatever HelmReleases Flux applies there.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, structs

from ..addresses import is_local, normalise
from ..config import Config
from ..diff.bases import FILES, is_kustomization, reach
from ..diff.cluster import Cluster, applied, cluster_of
from ..diff.markdown import address as link
from ..diff.markdown import code
from ..diff.overlay import build
from ..diff.repo import Repo, opened
from ..diff.webhooks import Provider, Reports, reports
from ..errors import Refused
from ..gitops.webhook import Hook, hook_files
from ..gitops.webhook_secrets import text_of, write_new
from ..proposal.files import Outcome, Wanted, carry_out, prepare
from ..session import Session
from .wish import Wish, hook_of, refuse_wrong


class Connected(Struct, frozen=True):
    """`hears` are namespaces; `files` are those that the proposal changes. `key` is there once, where it was made and
    not written to the file `secrets`; `secret` is `namespace/name` of the Secret that Flux needs it in."""

    environment: str
    cluster: str
    address: str
    hears: list[str]
    files: list[str]
    said: str
    secret: str
    proposal: str | None = None
    key: str | None = None
    secrets: str | None = None
    patch: str = ""


class Look(Struct, frozen=True):
    """What there is, and what is to be proposed."""

    cluster: Cluster
    hook: Hook
    wanted: Wanted
    outcome: Outcome


def connect(here: Session, wish: Wish) -> Connected:
    """Refused where it cannot be told what Flux applies to the cluster; then nothing has changed."""
    refuse_wrong(here.config, wish)
    forge = here.forge if wish.dry_run else here.proposing_forge or here.forge
    forge.check([f"connect/{wish.environment}"])
    with opened(forge, here.renderer, here.config) as repo:
        with here.report.step("look at the GitOps repo"):
            heads = repo.look(here.config.gitops_branch, f"connect/{wish.environment}")
            top = repo.tree(heads.base_head)
            cluster = cluster_of(top, repo.flux(heads.base_head), wish.environment, wish.folder)
            _refuse_other_branch(here, cluster, heads.base)
            found = applied(top, cluster)
            told = reports(found, wish.environment)
            hook = hook_of(wish, here.config, cluster, found, told)
            _warn_of_lockdown(here, repo, heads.base_head, cluster, hook)
            ours = bool(repo.git.files(heads.base_head, hook.provider))
            if other := next((it for it in told.providers if not (ours and it.name == hook.name)), None):
                return _connected(here, cluster, hook, told, other)
            wanted = _wanted(here.config, hook, repo, cluster)
            outcome = prepare(wanted, repo, here.config.gitops_branch)
            if outcome.outcome == "push":
                hook = _landed(hook, repo, outcome.commit, cluster)
        here.report.not_seen(found.unseen)
        return _carried_out(here, wish, repo, Look(cluster, hook, wanted, outcome))


def _refuse_other_branch(here: Session, cluster: Cluster, base: str) -> None:
    if cluster.branch and cluster.branch != base:
        raise Refused(
            f"Flux reads the branch {cluster.branch} for {cluster.folder}, and the proposal would go into {base}.",
            f"Give --gitops-branch {cluster.branch}.",
            fault="you",
        )
    gitops = str(here.config.gitops)
    if cluster.url and not is_local(gitops) and normalise(cluster.url) != normalise(gitops):
        here.report.not_seen([f"whether {cluster.url}, from which Flux applies {cluster.folder}, is this repo"])


def _warn_of_lockdown(here: Session, repo: Repo, commit: str, cluster: Cluster, hook: Hook) -> None:
    """https://fluxcd.io/flux/installation/configuration/multitenancy/"""
    flags = ("grep", "--name-only", "--fixed-strings", "-e", "--no-cross-namespace-refs=true", commit)
    said = repo.git.call(*flags, "--", cluster.folder, check=False).text.splitlines()
    if said and {*hook.heard["releases"]} != {hook.namespace}:
        here.report.warn(
            f"{said[0].partition(':')[2]} has --no-cross-namespace-refs=true: where notification-controller has it, "
            "Alerts hear their own namespace alone; then set up each by hand, as gitops-templates/cluster says"
        )


def _connected(here: Session, cluster: Cluster, hook: Hook, told: Reports, other: Provider) -> Connected:
    """By a Provider that people set up."""
    lacking = [it for it in hook.heard["releases"] if ("HelmRelease", it) not in told.heard]
    if lacking:
        here.report.warn(f"no Alert of that Provider hears the HelmReleases in {', '.join(lacking)}")
    said = f"Provider {other} reports it already: nothing is proposed"
    hears = [it for it in hook.heard["releases"] if it not in lacking]
    return Connected(hook.environment, str(cluster), hook.address, hears, [], said, f"{other.namespace}/{other.secret}")


def _wanted(config: Config, hook: Hook, repo: Repo, cluster: Cluster) -> Wanted:
    def lacking(commit: str) -> Mapping[str, bytes]:
        top = repo.tree(commit).resolve()
        listing = _listing(top, cluster, hook)
        present = repo.git.files(commit, hook.folder, *([listing] if listing else []))
        return hook_files(present, hook, listing)

    title = config.commit_title.replace("{title}", f"Connect {hook.environment} to the ledger")
    return Wanted(f"connect/{hook.environment}", title, _body(hook), lacking)


def _listing(top: Path, cluster: Cluster, hook: Hook) -> str | None:
    """The kustomization in the cluster's folder that has to name the hook's; None where Flux comes to it anyhow."""
    folder = top / cluster.folder
    if not is_kustomization(folder) or (top / hook.folder).resolve() in reach(folder, top):
        return None
    return next(str(Path(cluster.folder) / name) for name in FILES if (folder / name).is_file())


def _body(hook: Hook) -> str:
    heard = {kind: ", ".join(map(code, names)) for kind, names in hook.heard.items()}
    return (
        f"Lets the ledger hear what Flux does in {code(hook.environment)}: a Provider and two Alerts. No release "
        f"changes.\n\nEvents of HelmReleases in {heard['releases']}, and failures of charts and sources in "
        f"{heard['sources']}, go to {link(hook.address)}.\n\nBefore it is merged, the cluster needs the Secret "
        f"{code(f'{hook.namespace}/{hook.name}')} with the key that `waybill connect` made, and the ledger the same "
        "key.\n"
    )


def _landed(hook: Hook, repo: Repo, commit: str, cluster: Cluster) -> Hook:
    """The hook with the namespace that its objects really get; refused where Flux would not apply them."""
    top = repo.tree(commit)
    it = cluster.flux
    try:
        objects = build(top / (it.folder if it else cluster.folder), top, it.patches if it else ())
    except Refused:
        return hook  # the look at the cluster said so
    found = [
        item["metadata"] for item in objects if (item["kind"], item["metadata"].get("name")) == ("Provider", hook.name)
    ]
    if not found:
        raise Refused(
            f"{cluster} would not apply {hook.folder}.",
            f"Let a kustomization that it reads name {hook.folder}, or name another folder with --path.",
            fault="gitops",
        )
    moved = it.spec.get("targetNamespace") if it else None
    return structs.replace(hook, namespace=str(moved or found[0].get("namespace") or hook.namespace))


def _carried_out(here: Session, wish: Wish, repo: Repo, found: Look) -> Connected:
    outcome, hook = found.outcome, found.hook
    before = [head for head in (outcome.base_head, outcome.branch_head) if head]
    first = outcome.outcome == "push" and not any(repo.git.files(head, hook.provider) for head in before)
    key = secrets.token_hex(32) if (first or wish.new_key) and not wish.dry_run else None

    if key and not wish.secrets and os.environ.get("CI"):
        raise Refused(
            f"The webhook key of {hook.environment} would stand in the log of this job.",
            "Give --secrets, a file that the job hands on; or run this on your own machine.",
            fault="you",
        )
    proposal = None
    if not wish.dry_run:
        with here.report.step("propose"), _kept(wish.secrets, text_of(hook, key, wish.ledger) if key else "") as pushed:
            proposal = carry_out(found.wanted, repo, str(here.config.gitops), outcome, pushed=pushed)
    return Connected(
        hook.environment,
        str(found.cluster),
        hook.address,
        list(hook.heard["releases"]),
        sorted(outcome.changes),
        outcome.said(found.wanted.topic, dry_run=wish.dry_run),
        f"{hook.namespace}/{hook.name}",
        proposal=proposal.url if proposal else None,
        key=None if wish.secrets else key,
        secrets=str(wish.secrets) if wish.secrets and key else None,
        patch=outcome.patch.decode(errors="replace") if wish.dry_run else "",
    )


@contextmanager
def _kept(file: Path | None, text: str) -> Iterator[Callable[[], None]]:
    """The key is in the file before the branch names it; where nothing was pushed, there is no file."""
    if not (file and text):
        yield lambda: None
        return
    if file.exists():
        raise Refused(f"{file} is there already.", "Name a new file with --secrets.", fault="you")
    write_new(file, text)
    left = [file]
    try:
        yield left.clear
    except Refused:
        for it in left:
            it.unlink()
        raise
