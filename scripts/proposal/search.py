"""What was proposed of a release before, as the GitOps repo's commits and the forge tell it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from ..diff.repo import Repo
from ..errors import Refused
from ..forges import Proposal
from ..gitops.clone import REPLACES, Heads
from ..gitops.render import published
from ..gitops.site import Site
from ..image import by_name
from .body import NOT_THESE, commit_message, is_about, trailer
from .intent import Change, Intent
from .sites import sites_in


def proposed_before(change: Change, repo: Repo) -> tuple[Change, Intent] | None:
    """`change` with its environments, kind and reason, and the intent that was carried out; None where the branch's
    latest proposal is of another release, or the commit is not to be found."""
    heads = repo.look(change.config.gitops_branch, change.branch)
    known = repo.forge.find(change.branch, heads.base)
    if known is None or not is_about(known.body, change.waybill):
        return None
    for commit, message in _commits(change, repo, heads, known):
        if found := _read(message, change):
            change, replaces = found
            sites = _sites(commit, change, repo)
            intent = Intent("held", "", heads, known, change.environments, commit, replaces=replaces, sites=sites)
            return change, intent
    return None


def _sites(commit: str, change: Change, repo: Repo) -> dict[str, Site]:
    """Those that are clear; the others were clear when the commit was made."""
    found: dict[str, Site] = {}
    for name in change.environments:
        with suppress(Refused):
            found |= sites_in(commit, [name], change.config, published(change.waybill), repo)
    return found


def _commits(change: Change, repo: Repo, heads: Heads, known: Proposal) -> Iterator[tuple[str, str]]:
    """Id and message of the commits that name the release, newest first."""
    git, trailing = repo.git, trailer(change.waybill)
    if known.head and known.head not in git.has([known.head]):
        try:  # the branch is gone; forges keep what a pull request had
            git.fetch(str(change.config.gitops), [repo.forge.head_ref(known.number)])
        except Refused:
            return
    tips = [tip for tip in (heads.branch_head, known.head, heads.base_head) if tip]
    said = git.run(
        "log", "--no-show-signature", "--fixed-strings", f"--grep={trailing}", "--format=%H%x00%B%x00", *tips
    )
    parts = iter(said.split("\0"))
    yield from ((commit.strip(), message) for commit, message in zip(parts, parts, strict=False))


def _read(message: str, change: Change) -> tuple[Change, str | None] | None:
    """What `commit_message` was told; None where this is not its work for this release."""
    title, _, rest = message.partition("\n\n")
    title, shape = _bare(title, change.config.commit_title)
    rolled = title.startswith("Roll ")
    environments = tuple(title.rpartition(" in " if rolled else " to ")[2].split(" and "))
    lines = by_name.lines(by_name.of(change.waybill), change.waybill.service)
    reason, _, after = rest.partition(lines)
    overridden = re.findall(rf"^(\S+) {re.escape(NOT_THESE)}$", after, re.MULTILINE)
    replaces = found[1] if (found := re.search(rf"^{REPLACES}: (\S+)$", rest, re.MULTILINE)) else None
    why = reason.strip() if rolled else None
    if message.strip() != commit_message(change.waybill, environments, why, replaces, overridden, shape=shape).strip():
        return None
    kind = "rollback" if rolled else change.kind
    return replace(change, environments=environments, kind=kind, reason=why), replaces


def _bare(title: str, shape: str) -> tuple[str, str]:
    """What stands in a title for `{title}` of `shape`, and the shape that it has: it may be older than the setting."""
    before, _, after = shape.partition("{title}")
    if title.startswith(before) and title.endswith(after):
        return title[len(before) : len(title) - len(after)], shape
    return title, "{title}"
