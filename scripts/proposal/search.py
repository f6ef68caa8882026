"""What was proposed of a release before, as the GitOps repo's commits and the forge tell it."""

import re
from collections.abc import Iterator
from contextlib import suppress

from msgspec import structs

from ..diff.repo import Repo
from ..document import words
from ..errors import Refused
from ..forges import Proposal
from ..gitops.clone import REPLACES, Heads
from ..gitops.render import published
from ..gitops.site import Site
from ..image import by_name
from .body import NOT_THESE, commit_message, is_about, trailer
from .intent import Change, Intent
from .sites import sites_in


def proposed_before(change: Change, repo: Repo) -> Iterator[tuple[Change, Intent]]:
    """For each proposal of the branch that is still of this release `change` with its environments, kind and reason,
    and the intent that was carried out, where its commit is to be found."""
    heads = repo.look(change.config.gitops_branch, change.branch)
    seen = set[str | int]()
    for known in repo.forge.proposals(change.branch, heads.base):
        if known.number in seen or not is_about(known.body, change.waybill):
            continue
        for commit, message in _commits(change, repo, heads, known):
            if commit not in seen and (found := _read(message, change)):
                seen |= {commit, known.number}
                then, replaces, others = found
                names, sites = then.environments, _sites(commit, then, repo)
                intent = Intent("held", "", heads, known, names, commit, replaces=replaces, overridden=others)
                yield then, structs.replace(intent, sites=sites)
                break


def _sites(commit: str, change: Change, repo: Repo) -> dict[str, Site]:
    """Those that are clear; the others were clear when the commit was made."""
    found: dict[str, Site] = {}
    for name in change.environments:
        with suppress(Refused):
            found |= sites_in(commit, [name], change.config, published(change.waybill), repo)
    return found


def _commits(change: Change, repo: Repo, heads: Heads, known: Proposal) -> Iterator[tuple[str, str]]:
    """Id and message of the commits that could be the proposal's, newest first: those with its title."""
    git, trailing = repo.git, trailer(change.waybill)
    if known.head and known.head not in git.has([known.head]):
        try:  # the branch is gone; forges keep what a pull request had
            git.fetch(str(change.config.gitops), [repo.forge.head_ref(known.number)])
        except Refused:
            return
    tips = [known.head] if known.head else [tip for tip in (heads.branch_head, heads.base_head) if tip]
    said = git.run(
        "log", "--no-show-signature", "--fixed-strings", f"--grep={trailing}", "--format=%H%x00%B%x00", *tips
    )
    parts = iter(said.split("\0"))
    found = [(commit.strip(), message) for commit, message in zip(parts, parts, strict=False)]
    yield from (it for it in found if words(it[1].partition("\n")[0]) == known.title)


def _read(message: str, change: Change) -> tuple[Change, str | None, tuple[str, ...]] | None:
    """What `commit_message` was told, the version that is replaced, and the environments with other images; None where
    this is not its work for this release."""
    title, _, rest = message.partition("\n\n")
    title, shape = _bare(title, change.config.commit_title)
    rolled = title.startswith("Roll ")
    environments = tuple(title.rpartition(" in " if rolled else " to ")[2].split(" and "))
    lines = by_name.lines(by_name.of(change.waybill), change.waybill.service)
    reason, _, after = rest.rpartition(lines)
    overridden = re.findall(rf"^(\S+) {re.escape(NOT_THESE)}$", after, re.MULTILINE)
    replaces = found[1] if (found := re.search(rf"^{REPLACES}: (\S+)$", after, re.MULTILINE)) else None
    why = reason.strip() if rolled else None
    if message.strip() != commit_message(change.waybill, environments, why, replaces, overridden, shape=shape).strip():
        return None
    kind = "rollback" if rolled else change.kind
    return structs.replace(change, environments=environments, kind=kind, reason=why), replaces, tuple(overridden)


def _bare(title: str, shape: str) -> tuple[str, str]:
    """What stands in a title for `{title}` of `shape`, and the shape that it has: it may be older than the setting."""
    before, _, after = shape.partition("{title}")
    if title.startswith(before) and title.endswith(after):
        return title[len(before) : len(title) - len(after)], shape
    return title, "{title}"
