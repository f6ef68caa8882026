"""propose: the rendered files as one commit on a branch of the GitOps repo, and one pull request for it.

The branch is the base's head and one Waybill commit, pushed only while it is what was read. It never lowers a version
that the base or the branch has, never moves over somebody else's commit, and never reopens what a person closed.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import structs
from semver import Version

from ..clients.git import Git
from ..config import Config
from ..document import Gitops, Waybill
from ..errors import Refused
from ..forges import Forge, Proposal
from ..gitops.clone import Heads, cloned, foreign_commits, look, merge, patch, squashed
from ..gitops.files import Files, environments_in, paths, release_in
from ..proposal_text import commit_message, is_about, title, version
from ..report import Report
from ..source_repository import normalise

Render = Callable[[Files, Waybill, Config, Iterable[str]], dict[str, bytes]]
Find = Callable[[str, str], Proposal | None]
TRIES = 5


@dataclass(frozen=True)
class Change:
    """What shall be proposed: a release for some environments, on a branch. `roll_back` is the reason to lower it."""

    waybill: Waybill
    config: Config
    environments: tuple[str, ...]
    branch: str
    roll_back: str | None = None


@dataclass(frozen=True)
class Intent:
    """What propose does about a change, worked out without changing anything outside the temporary clone.

    `push`: the branch is to get `commit`. `held`: it has the result already, as `commit`. Else nothing is proposed, and
    `said` tells why. `environments` are those that are proposed, `patch` is what the commit changes, `known` the latest
    proposal of the branch.
    """

    outcome: Literal["push", "held", "unneeded", "superseded", "closed"]
    said: str
    heads: Heads
    known: Proposal | None
    environments: tuple[str, ...] = ()
    commit: str = ""
    patch: bytes = b""

    @property
    def proposes(self) -> bool:
        return self.outcome in ("push", "held")


def propose(
    change: Change, render: Render, forge: Forge, describe: Callable[[Git, Intent], str], report: Report
) -> tuple[Waybill, Intent]:
    """The waybill with `gitops` filled when something is proposed, else as it came; and what was done.

    `describe` writes the proposal's body. A lost race is looked at anew, TRIES times; what a killed run left half done
    the same command completes.
    """
    remote, ref = str(change.config.gitops), f"refs/heads/{change.branch}"
    with report.step("propose"), cloned() as git:
        for attempt in range(TRIES):
            intent = prepare(change, render, forge.find, git)
            if intent.outcome != "push" or git.push(remote, ref, intent.commit, expect=intent.heads.branch_head or ""):
                break
            time.sleep(random.uniform(0.1, 0.5) * 2**attempt)  # noqa: S311
        else:
            raise Refused(
                f"{change.branch} moved {TRIES} times while Waybill was about to push.",
                "Run the same command again in a moment.",
                fault="gitops",
            )
        report.say(f"propose: {intent.said}")
        if not intent.proposes:
            return change.waybill, intent
        proposal = bring(change, intent, forge, describe(git, intent))
    report.say(f"proposal: {proposal.url}")
    gitops = Gitops(
        repository=normalise(remote),
        branch=change.branch,
        commit=intent.commit,
        environments=intent.environments,
        proposal=proposal.url,
    )
    return structs.replace(change.waybill, gitops=gitops), intent


def bring(change: Change, intent: Intent, forge: Forge, body: str) -> Proposal:
    """One open proposal with this body."""
    name, known = title(change.waybill, intent.environments, change.roll_back), intent.known
    if known is None or known.state != "open":
        return forge.create(change.branch, intent.heads.base, name, body)
    if (known.title, known.body) != (name, body):
        forge.update(known.number, name, body)
        if not is_about(known.body, change.waybill):
            forge.comment(known.number, f"Proposed here now: {name}.")
    return known


def prepare(change: Change, render: Render, find: Find, git: Git) -> Intent:
    """Looks at the GitOps repo and the branch's latest proposal, and decides."""
    waybill, config, branch = change.waybill, change.config, change.branch
    heads = look(git, str(config.gitops), config.gitops_branch, branch)
    known = find(branch, heads.base)
    where = paths(waybill.service, config.environments)
    base_files = git.files(heads.base_head, *where)
    merged = merge(git, heads) if heads.branch_head else None
    live = heads.branch_head if heads.branch_head and not is_done(git, heads, merged, known) else None
    branch_files = git.files(live, *where) if live else {}

    environments, higher = newer_than_present(change, {heads.base: base_files, branch: branch_files})
    if not environments:
        return Intent("superseded", f"superseded: {higher}; nothing is proposed", heads, known)

    def rendered(files: Files) -> dict[str, bytes]:
        return render(files, waybill, config, environments)

    if not rendered(base_files):
        return Intent(
            "unneeded", f"{heads.base} has {version(waybill)} already{still_open(change, known)}", heads, known
        )
    if known and known.state == "closed" and is_about(known.body, waybill):
        said = f"{known.url} proposed {version(waybill)} and was closed: not proposed again (reopen it there)"
        return Intent("closed", said, heads, known)

    foreign = foreign_commits(git, heads) if live else []
    if live and not rendered(branch_files) and (merged or foreign):
        said = f"{branch} has it already" + ("" if merged else f", but does not merge into {heads.base} cleanly")
        return Intent("held", said, heads, known, environments, live)

    start = parent = heads.base_head
    if live and foreign:
        start = parent = live
    elif live and carries(waybill.service, environments, base_files, branch_files):
        start, parent = (merged, parent) if merged else (live, live)
    tree = git.write_tree(start, rendered(git.files(start, *where)))
    message = commit_message(waybill, environments, change.roll_back)
    seconds = int(datetime.fromisoformat(waybill.source.committed_at).timestamp())
    commit = git.commit_tree(tree, [parent], message, seconds)
    said = f"{branch} at {commit[:12]} for {', '.join(environments)}" + (f"; {higher}" if higher else "")
    return Intent("push", said, heads, known, environments, commit, patch(git, parent, commit))


def is_done(git: Git, heads: Heads, merged: str | None, known: Proposal | None) -> bool:
    """Whether the base has all that the branch brought, so that the next proposal begins anew."""
    branch_head = str(heads.branch_head)
    if known and known.state == "merged" and known.head == branch_head:
        return True
    return git.is_ancestor(branch_head, heads.base_head) or squashed(git, heads, merged)


def newer_than_present(change: Change, present: dict[str, Files]) -> tuple[tuple[str, ...], str]:
    """The environments in which no branch has a higher version already; and which others have."""
    if change.roll_back is not None:
        return change.environments, ""
    higher = {}
    for branch, files in present.items():
        for environment in change.environments:
            said = release_in(files, change.waybill.service, environment).get("version", "")
            if Version.is_valid(said) and Version.parse(said) > Version.parse(version(change.waybill)):
                higher[environment] = f"{branch} has {said} for {environment}"
    return tuple(name for name in change.environments if name not in higher), ", ".join(higher.values())


def carries(service: str, environments: Iterable[str], base_files: Files, branch_files: Files) -> bool:
    """Whether the branch brings a release to another environment as well."""
    others = set(environments_in(branch_files, service)) - set(environments)
    return any(release_in(branch_files, service, name) != release_in(base_files, service, name) for name in others)


def still_open(change: Change, known: Proposal | None) -> str:
    if known and known.state == "open" and not is_about(known.body, change.waybill):
        return f"; {known.url} is still open for another version: close it"
    return ""
