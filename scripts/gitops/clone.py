"""A temporary clone of the GitOps repo: its two branches, how they relate, and what a commit would change."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from semver import Version

from ..clients.git import IDENTITY, TRAILER, Git
from ..clients.git_credential import credential_of
from ..clients.process import censor
from ..errors import Refused

REPLACES = "Waybill-Replaces"
BASE, BRANCH = "refs/waybill/base", "refs/waybill/branch"
ADOPTIONS = "refs/heads/adopt/*"


@dataclass(frozen=True)
class Heads:
    """The base branch and ours, as the remote had them at one moment; `branch_head` is None where ours is absent. How
    they relate is asked of `git` once. `authors` are those of Waybill's own commits, `Name <email>`. `adoptions` are
    the branches of adopt that are there."""

    base: str
    base_head: str
    branch: str
    branch_head: str | None
    git: Git = field(compare=False, repr=False)
    authors: frozenset[str] = frozenset({IDENTITY})
    adoptions: frozenset[str] = frozenset()

    @cached_property
    def merged(self) -> str | None:
        """The tree of the base with the branch merged in, None where that conflicts or there is no branch."""
        if self.branch_head is None:
            return None
        merged = self.git.call("merge-tree", "--write-tree", self.base_head, self.branch_head, check=False)
        if merged.code > 1:
            raise Refused(
                f"git could not try to merge {self.branch} into {self.base}: {merged.complaint}",
                "Correct what it names, then run the same command again.",
                fault="gitops",
            )
        return merged.text if merged.code == 0 else None

    @cached_property
    def is_merged(self) -> bool:
        """Whether the base contains the branch: its commits or, after a squash or a rebase, all that they changed."""
        branch_head = str(self.branch_head)
        began = self.git.call("merge-base", self.base_head, branch_head, check=False).text
        changed = bool(began) and self.git.tree_id(began) != self.git.tree_id(branch_head)
        return began == branch_head or (changed and self.merged == self.git.tree_id(self.base_head))

    @cached_property
    def foreign_commits(self) -> list[str]:
        """The branch's commits that are not in the base and not Waybill's own, newest first.

        A commit is Waybill's as long as author, committer and trailer are: somebody who amends it becomes the
        committer, at a later time than the author's.
        """
        return self._foreign(self._commits)

    def brings_foreign(self, commit: str) -> bool:
        """Whether somebody else's commit comes with `commit` into the base."""
        return bool(self._foreign(self._new(commit)))

    def _foreign(self, rows: list[list[str]]) -> list[str]:
        return [
            commit
            for commit, author, committer, said, _ in rows
            if author != committer or author.rpartition(" ")[0] not in self.authors or not said
        ]

    def recorded(self, trailer: str) -> str | None:
        """The version that the branch's newest commit with `trailer` says to replace."""
        said = next((row[4] for row in self._commits if row[3] == trailer), "")
        return said if Version.is_valid(said) else None

    @cached_property
    def _commits(self) -> list[list[str]]:
        return self._new(str(self.branch_head))

    def _new(self, head: str) -> list[list[str]]:
        """Id, author and committer, each with the time, and trailers of the commits of `head` that are not in the base,
        newest first."""
        trailers = f"%(trailers:key={TRAILER},separator=%x2C)%x00%(trailers:key={REPLACES},valueonly,separator=%x2C)"
        shape = f"--format=%H%x00%an <%ae> %at%x00%cn <%ce> %ct%x00{trailers}"
        lines = self.git.run("log", "--no-show-signature", shape, f"{self.base_head}..{head}").splitlines()
        return [line.split("\0") for line in lines]


@contextmanager
def cloned(remote: str, token: str | None) -> Iterator[Git]:
    """An empty repository, in which git sends the forge's `token`, where there is one, to `remote`."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        git = Git(Path(folder), fault="gitops", credential=credential_of(remote, token))
        # Git may be told to look for no bare repository (safe.bareRepository).
        git.run("init", "--quiet", "--object-format=sha1", "--template=")
        yield git


def look(
    git: Git, remote: str, base: str | None, branch: str, *, authors: frozenset[str] = frozenset({IDENTITY})
) -> Heads:
    """Reads both heads and fetches their history. Without `base` it is the branch that the remote's HEAD names."""
    ours = f"refs/heads/{branch}"
    above = [str(folder) for folder in PurePosixPath(ours).parents[:-3]]
    wanted = ["HEAD", ours, f"{ours}/*", ADOPTIONS, *above, *([f"refs/heads/{base}"] if base else [])]
    listed = [line.split("\t") for line in git.ls_remote(remote, *wanted).splitlines()]
    head = next((name.removeprefix("ref: ") for name, ref in listed if ref == "HEAD" and name.startswith("ref: ")), "")
    found = {ref: name for name, ref in listed if not name.startswith("ref: ")}
    base_ref = f"refs/heads/{base}" if base else head
    if not base_ref.startswith("refs/heads/") or (base and base_ref not in found):
        raise _no_base(git, remote, base)
    if clash := next((ref for ref in found if ref in above or ref.startswith(f"{ours}/")), None):
        raise Refused(
            f"The GitOps repo has the branch {clash[11:]}, beside which there can be no {branch}.",
            "Rename that branch.",
            fault="gitops",
        )
    # Refs of our own, so that a second look fetches only what is new.
    theirs = {BASE: base_ref} | ({BRANCH: ours} if ours in found else {})
    if any(git.commit(ref) != found.get("HEAD" if name == head else name) for ref, name in theirs.items()):
        git.fetch(remote, [f"+{name}:{ref}" for ref, name in theirs.items()])
    heads = {ref: git.commit(ref) for ref in theirs}
    adoptions = frozenset(ref.removeprefix("refs/heads/") for ref in found if ref.startswith(ADOPTIONS[:-1]))
    base = base_ref.removeprefix("refs/heads/")
    return Heads(base, str(heads[BASE]), branch, heads.get(BRANCH), git, authors, adoptions)


def _no_base(git: Git, remote: str, base: str | None) -> Refused:
    if base:
        what = f"has no branch {base}"
        remedy = (
            "Set gitops_branch in waybill.toml to a branch that it has, or leave it out for the repo's own default."
        )
    elif found := sorted(ref.removeprefix("refs/heads/") for ref in git.refs(remote, "refs/heads/*")):
        what = "has a HEAD that names none of its branches"
        remedy = (
            f"Set gitops_branch in waybill.toml to the one that Flux follows ({' or '.join(found[:3])}), or let its "
            "HEAD name that."
        )
    else:
        what, remedy = "is empty", "Push a first commit to it (a README will do)."
    return Refused(f"The GitOps repo {censor(remote)} {what}.", remedy, fault="gitops")


def patch(git: Git, before: str, after: str) -> bytes:
    """What `after` changes in `before`, without the blob ids that a digest still unknown would change."""
    flags = ("-r", "-p", "--text", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv")
    lines = git.call("diff-tree", *flags, before, after).stdout.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"index "))
