"""A proposal that is no release: some files of the GitOps repo, on a branch of Waybill's own."""

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from ..clients.git import TRAILER
from ..diff.repo import Repo
from ..errors import Refused
from ..forges import Proposal
from .intent import is_done

# The files that a commit of the GitOps repo lacks.
Lacking = Callable[[str], Mapping[str, bytes]]


class Wanted(Struct, frozen=True):
    """`topic` names the branch, as `connect/staging` does, and is the commit's trailer."""

    topic: str
    title: str
    body: str
    lacking: Lacking

    @property
    def message(self) -> str:
        return f"{self.title}\n\n{TRAILER}: {self.topic}\n"


class Outcome(Struct, frozen=True):
    """`unneeded`: the base has it all; `held`: the branch has it already; `closed`: somebody closed the same proposal.
    `base` is the branch that it is to be merged into, `commit` what would be there then, `changes` the files that the
    commit changes in the base."""

    outcome: Literal["unneeded", "closed", "held", "push"]
    base: str
    base_head: str
    branch_head: str | None
    commit: str
    changes: Mapping[str, bytes]
    known: Proposal | None
    patch: bytes = b""

    def said(self, topic: str, *, dry_run: bool) -> str:
        """`topic` is the branch that is proposed."""
        match self.outcome:
            case "unneeded":
                return f"{self.base} has it already: nothing is proposed"
            case "closed":
                return "it was proposed and closed: not proposed again (reopen it there)"
            case "held":
                return f"{topic} has it already"
        return f"{topic} {'would be' if dry_run else 'is'} proposed for {self.base}"


def prepare(wanted: Wanted, repo: Repo, base: str | None) -> Outcome:
    """What there is to propose; nothing changes outside the temporary clone."""
    git, branch = repo.git, wanted.topic
    heads = repo.look(base, branch)
    known = repo.forge.find(branch, heads.base)
    head = heads.branch_head
    changes = wanted.lacking(heads.base_head)
    if not changes:
        return Outcome("unneeded", heads.base, heads.base_head, head, heads.base_head, {}, None)
    if known and known.state == "closed" and known.body.split() == wanted.body.split():
        return Outcome("closed", heads.base, heads.base_head, head, heads.base_head, changes, known)
    live = head if head and not is_done(heads, known) else None
    if live and not wanted.lacking(live):
        return Outcome("held", heads.base, heads.base_head, head, live, changes, known)
    start = live if live and heads.foreign_commits else heads.base_head
    commit, patch = repo.commit(start, start, wanted.lacking(start), wanted.message, git.committed(start))
    return Outcome("push", heads.base, heads.base_head, head, commit, changes, known, patch)


def carry_out(
    wanted: Wanted, repo: Repo, remote: str, found: Outcome, *, pushed: Callable[[], None]
) -> Proposal | None:
    """The open proposal of what `prepare` found, None where there is none; `pushed` is called as soon as the branch has
    something new. What a killed run left half done the same command completes."""
    ref = f"refs/heads/{wanted.topic}"
    if found.outcome in ("unneeded", "closed"):
        return found.known
    if found.outcome == "push":
        if not repo.git.push(remote, ref, found.commit, expect=found.branch_head or ""):
            raise Refused(
                f"{wanted.topic} moved while Waybill was about to propose.",
                "Run the same command again in a moment.",
                fault="gitops",
            )
        pushed()
    known = found.known
    if known is None or known.state != "open":
        return repo.forge.create(wanted.topic, found.base, wanted.title, wanted.body)
    if (known.title, known.body) != (wanted.title, wanted.body):
        return repo.forge.update(known.number, wanted.title, wanted.body)
    return known
