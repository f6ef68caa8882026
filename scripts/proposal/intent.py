"""What propose has to do, worked out in a temporary clone without changing anything.

The branch becomes the base's head and one Waybill commit. Somebody else's commit on it stays, ours then goes on top. A
version that the base or the branch has is lowered only by a rollback; what a person closed is not reopened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct, field, structs
from semver import Version

from ..chart.judge import Judgement
from ..config import Config
from ..diff.repo import Repo, Shipped
from ..document import Waybill, chart_of
from ..errors import Refused
from ..forges import Proposal
from ..gitops.artifact import OciArtifact
from ..gitops.clone import Heads
from ..gitops.files import release_in
from ..gitops.layout import Files, paths
from ..gitops.render import published, render
from ..gitops.site import Site
from .body import commit_message, is_about, trailer, version
from .commits import History
from .content import pointed
from .namesake import refuse_namesakes
from .sites import appliers_in, files_of, released, sites_beside, sites_in


class Change(Struct, frozen=True):
    """What shall be proposed: a release for some environments, on a branch of the GitOps repo; without one, `branch` is
    the ref of the source repository that says which release the environment gets.

    `whole` is the file that gets the whole body of the proposal, `archive` the chart where it may not be published yet.
    `reason` is why a rollback lowers the version. With `named` somebody asked for this very version. `kind` is the
    command that proposes, `history` tells which commits are new. With `allow_override` an environment may run other
    images than those of the release; `overrides` says of each that does why.
    """

    waybill: Waybill
    config: Config
    environments: tuple[str, ...]
    branch: str
    whole: Path
    archive: Path | None = None
    kind: Literal["ship", "promote", "rollback"] = "ship"
    reason: str | None = None
    named: bool = False
    history: History | None = None
    allow_override: bool = False
    overrides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def remote(self) -> str:
        """The repository that has the branch."""
        return self.config.remote if self.config.is_gitless else str(self.config.gitops)

    @property
    def ref(self) -> str:
        return self.branch if self.config.is_gitless else f"refs/heads/{self.branch}"


class Verdict(Struct, frozen=True):
    """What is known of one environment: its judgement, or why it could not be judged. What cannot be known here is
    `unseen`: sentences without a full stop. `overrides` are why it does not run the images as they were released."""

    environment: str
    unseen: Sequence[str] = ()
    judgement: Judgement | None = None
    not_judged: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def warnings(self) -> Sequence[str]:
        return self.judgement.warnings if self.judgement else ()


class Manifests(Struct, frozen=True):
    """An environment's manifests as an artifact: `repository` (`host/path`) has it under `tag`, where it `is_there`."""

    repository: str
    tag: str
    packed: OciArtifact
    is_there: bool

    @property
    def digest(self) -> str:
        return self.packed.digest

    @property
    def address(self) -> str:
        return f"oci://{self.repository}"

    @property
    def place(self) -> str:
        return f"{self.address}:{self.tag}"

    def __str__(self) -> str:
        return f"{self.place}@{self.digest}" if self.packed.known else self.place


class Intent(Struct, frozen=True):
    """What propose does about a change, worked out without changing anything outside the temporary clone.

    `push`: the branch gets `commit`. `held`: it has the result already, as `commit`. Otherwise nothing is proposed.
    `said` is that in words. `environments` are those that are proposed, of which the `overridden` get other images.
    `patch` is what the commit changes, `known` the latest proposal of the branch, `replaces` the version that the
    branch proposed before. `sites` are those of the environments that are proposed, and of those that the branch brings
    beside them. `manifests` are what is published of the commit.
    """

    outcome: Literal["push", "held", "unneeded", "superseded", "closed"]
    said: str
    heads: Heads
    known: Proposal | None
    environments: tuple[str, ...] = ()
    commit: str = ""
    patch: bytes = b""
    replaces: str | None = None
    overridden: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    manifests: Manifests | None = None

    @property
    def proposes(self) -> bool:
        return self.outcome in ("push", "held")


def prepare(change: Change, repo: Repo) -> Intent:
    """Looks at the GitOps repo and the branch's latest proposal, and decides."""
    waybill, config, branch, git = change.waybill, change.config, change.branch, repo.git
    heads = repo.look(config.gitops_branch, branch)
    known = repo.forge.find(branch, heads.base)
    sought = partial(sites_in, config=config, published=published(waybill), repo=repo)
    sites = sought(heads.base_head, change.environments)
    where = [*paths(waybill.service, config.environments), *files_of(config, sites)]
    base_files = git.files(heads.base_head, *where)
    live = heads.branch_head if heads.branch_head and not is_done(heads, known) else None
    branch_files = git.files(live, *where) if live else {}

    refuse_namesakes(config, change.environments, repo, heads.base_head, base_files)
    higher = higher_versions(change, sites, {heads.base: base_files, branch: branch_files})
    environments = tuple(name for name in change.environments if change.kind == "rollback" or name not in higher)
    if not environments:
        return superseded(change, higher, heads, known)
    rendered = _rendering(change, environments, repo, heads.base_head)
    others = sites_beside(
        heads.base_head, environments, config, published(waybill), repo, present=(base_files, branch_files)
    )
    sites = others | {name: sites[name] for name in environments}
    if not rendered(heads.base_head, base_files, _untold(sites)):
        return Intent(
            "unneeded", f"{heads.base} has {version(waybill)} already{still_open(change, known)}", heads, known
        )
    if change.kind == "rollback" and not higher:
        raise no_rollback(change, environments)
    if known and known.state == "closed" and is_about(known.body, waybill):
        said = f"{known.url} proposed {version(waybill)} and was closed: not proposed again (reopen it there)"
        return Intent("closed", said, heads, known)

    overridden = tuple(name for name in environments if name in change.overrides)
    earlier = replaced(change, environments, sites, base_files, branch_files)
    earlier = earlier or (heads.recorded(trailer(waybill)) if live else None)
    if live and not rendered(live, branch_files, _untold(sites)) and (heads.merged or heads.foreign_commits):
        said = f"{branch} has it already" + ("" if heads.merged else f", but does not merge into {heads.base} cleanly")
        held = Intent("held", said, heads, known, environments, live, replaces=earlier, overridden=overridden)
        return structs.replace(held, sites=sites)

    start, parent = _beginning(heads, live, brings_others=bool(released(others, base_files, branch_files)))
    if start != heads.base_head:
        sites = others | sought(start, environments)
    after = rendered(start, git.files(start, *where, *files_of(config, sites)), sites)
    message = commit_message(waybill, environments, change.reason, earlier, overridden, shape=config.commit_title)
    commit, changed = repo.commit(start, parent, after, message, _seconds(waybill))
    left = "".join(f"; {words}" for name, words in higher.items() if name not in environments)
    said = f"{branch} at {commit[:12]} for {', '.join(environments)}{left}"
    return Intent("push", said, heads, known, environments, commit, changed, earlier, overridden, sites=sites)


def _rendering(
    change: Change, environments: Sequence[str], repo: Repo, commit: str
) -> Callable[[str, Files, Mapping[str, Site]], Mapping[str, bytes]]:
    """`render` of this change, of the files of a commit or a tree; `commit` tells what applies the cluster of each
    environment."""
    appliers = appliers_in(commit, environments, repo)

    def rendered(start: str, files: Files, sites: Mapping[str, Site]) -> dict[str, bytes]:
        changes = render(
            files,
            change.waybill,
            change.config,
            environments,
            overridden=change.overrides,
            sites=sites,
            appliers=appliers,
        )
        chosen = {name: sites[name] for name in environments}
        return pointed(change.waybill, repo, start, files=files, changes=changes, sites=chosen)

    return rendered


def _untold(sites: Mapping[str, Site]) -> dict[str, Site]:
    """That tests or retries have changed is no reason to propose."""
    return {name: structs.replace(site, told={}) for name, site in sites.items()}


def _beginning(heads: Heads, live: str | None, *, brings_others: bool) -> tuple[str, str]:
    """The files that the commit changes, as a tree or a commit that has them, and its parent."""
    if live and heads.foreign_commits:
        return live, live
    if live and brings_others:
        return (heads.merged, heads.base_head) if heads.merged else (live, live)
    return heads.base_head, heads.base_head


def no_rollback(change: Change, environments: Sequence[str]) -> Refused:
    wanted = version(change.waybill)
    return Refused(
        f"No version in {' and '.join(environments)} is higher than {wanted}, so this is not a rollback.",
        f"Use `waybill promote --to {environments[0]} --version {wanted}`.",
        fault="you",
    )


def _seconds(waybill: Waybill) -> int:
    """As the source commit is dated: the same release on the same parent gives the same id."""
    return int(datetime.fromisoformat(waybill.source.committed_at).timestamp())


def superseded(change: Change, higher: dict[str, str], heads: Heads, known: Proposal | None) -> Intent:
    said = f"superseded: {', '.join(higher.values())}; nothing is proposed"
    if not change.named:
        return Intent("superseded", said, heads, known)
    release = f"{change.waybill.service} {version(change.waybill)}"
    raise Refused(
        f"{version(change.waybill)} is {said}.",
        f'To put the lower version there: `waybill rollback {release} -e {next(iter(higher))} --reason "..."`.',
        fault="you",
    )


def shipped(change: Change, intent: Intent) -> Shipped:
    return Shipped(change.waybill.service, chart_of(change.waybill), intent.environments, change.archive, intent.sites)


def is_done(heads: Heads, known: Proposal | None) -> bool:
    """Whether the base has all that the branch brought, so that the next proposal starts afresh."""
    marked = known is not None and known.state == "merged" and known.head == heads.branch_head
    return marked or heads.is_merged


def higher_versions(change: Change, sites: Mapping[str, Site], present: dict[str, Files]) -> dict[str, str]:
    """The environments for which a branch has a higher version already: which, in words."""
    higher = {}
    for branch, files in present.items():
        for environment in change.environments:
            said = release_in(files, sites[environment]).get("version", "")
            if Version.is_valid(said) and Version.parse(said) > Version.parse(version(change.waybill)):
                higher[environment] = f"{branch} has {said} for {environment}"
    return higher


def replaced(
    change: Change, environments: Iterable[str], sites: Mapping[str, Site], base_files: Files, branch_files: Files
) -> str | None:
    """The highest other version that the branch proposes for one of `environments`."""
    versions = set()
    for environment in environments:
        arrived, there = (
            release_in(files, sites[environment]).get("version", "") for files in (base_files, branch_files)
        )
        if there not in (arrived, version(change.waybill)) and Version.is_valid(there) and "+" not in there:
            versions.add(Version.parse(there))
    return str(max(versions)) if versions else None


def still_open(change: Change, known: Proposal | None) -> str:
    if known and known.state == "open" and not is_about(known.body, change.waybill):
        return f"; {known.url} is still open for another version: close it"
    return ""
