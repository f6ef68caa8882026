"""A temporary bare clone of the GitOps repo: its two branches, how they relate, and what a commit would change."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from semver import Version

from ..clients.git import IDENTITY, Git, authorization
from ..errors import Refused

TRAILER, REPLACES = "Waybill-Release", "Waybill-Replaces"
BASE, BRANCH = "refs/waybill/base", "refs/waybill/branch"


@dataclass(frozen=True)
class Heads:
    """The base branch and ours, as the remote had them at one moment; `branch_head` is None where ours is absent."""

    base: str
    base_head: str
    branch: str
    branch_head: str | None


@contextmanager
def cloned(remote: str, token: str | None) -> Iterator[Git]:
    """An empty bare repository, in which git sends the forge's `token`, where there is one, to `remote`."""
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        git = Git(Path(folder), fault="gitops", env=authorization(remote, token) if token else {})
        git.run("init", "--quiet", "--bare")
        yield git


def look(git: Git, remote: str, base: str | None, branch: str) -> Heads:
    """Reads both heads and fetches their history. Without `base` it is the branch that the remote's HEAD names."""
    ours = f"refs/heads/{branch}"
    above = [str(folder) for folder in PurePosixPath(ours).parents[:-3]]
    wanted = ["HEAD", ours, f"{ours}/*", *above, *([f"refs/heads/{base}"] if base else [])]
    listed = git.ls_remote(remote, *wanted)
    found = {ref: name for name, ref in (line.split("\t") for line in reversed(listed.splitlines()))}
    head = found.get("HEAD", "").removeprefix("ref: ")  # the line that says where HEAD points comes first
    base_ref = f"refs/heads/{base}" if base else head
    if not base_ref.startswith("refs/heads/") or (base and base_ref not in found):
        raise Refused(
            f"The GitOps repo {remote} has no branch {base}." if base else f"The GitOps repo {remote} is empty.",
            "Set gitops_branch in waybill.toml to a branch that it has, or leave it out for the repo's own default."
            if base
            else "Push a first commit to it (a README will do).",
            fault="gitops",
        )
    if clash := next((ref for ref in found if ref in above or ref.startswith(f"{ours}/")), None):
        raise Refused(
            f"The GitOps repo has the branch {clash[11:]}, beside which there can be no {branch}.",
            "Rename that branch.",
            fault="gitops",
        )
    branch_ref = ours if ours in found else None
    # Refs of our own, so that a second look fetches only what is new.
    git.fetch(remote, [f"+{base_ref}:{BASE}", *([f"+{branch_ref}:{BRANCH}"] if branch_ref else [])])
    base_head = git.run("rev-parse", "--verify", BASE)
    return Heads(base_ref.removeprefix("refs/heads/"), base_head, branch, git.commit(BRANCH) if branch_ref else None)


def foreign_commits(git: Git, heads: Heads) -> list[str]:
    """The branch's commits that are not in the base and not Waybill's own, newest first.

    A commit is Waybill's as long as author, committer and trailer are: somebody who amends it becomes the committer.
    """
    shape = f"--format=%H%x00%an <%ae>%x00%cn <%ce>%x00%(trailers:key={TRAILER},valueonly,separator=%x2C)"
    lines = git.run("log", "--no-show-signature", shape, f"{heads.base_head}..{heads.branch_head}").splitlines()
    rows = [line.split("\0") for line in lines]
    return [name for name, author, committer, trailer in rows if {author, committer} != {IDENTITY} or not trailer]


def recorded(git: Git, heads: Heads, live: str | None, trailer: str) -> str | None:
    """The version that the newest commit with `trailer` says to replace, on a branch whose head is `live`."""
    shape = f"--format=%(trailers:key={TRAILER},separator=%x2C)%x00%(trailers:key={REPLACES},valueonly,separator=%x2C)"
    lines = git.run("log", "--no-show-signature", shape, f"{heads.base_head}..{live}").splitlines() if live else []
    said = next((row[1] for line in lines if (row := line.split("\0"))[0] == trailer), "")
    return said if Version.is_valid(said) else None


def merge(git: Git, heads: Heads) -> str | None:
    """The tree of the base with the branch merged in, None where that conflicts."""
    merged = git.call("merge-tree", "--write-tree", heads.base_head, str(heads.branch_head), check=False)
    if merged.code > 1:
        raise Refused(
            f"git could not try to merge {heads.branch} into {heads.base}: {merged.complaint}",
            "Waybill needs git 2.38 or later.",
            fault="machine",
        )
    return merged.text if merged.code == 0 else None


def is_merged(git: Git, heads: Heads, merged: str | None) -> bool:
    """Whether the base contains the branch: its commits or, after a squash or a rebase, all that they changed."""
    branch_head = str(heads.branch_head)
    began = git.call("merge-base", heads.base_head, branch_head, check=False).text
    changed = bool(began) and git.tree_id(began) != git.tree_id(branch_head)
    return began == branch_head or (changed and merged == git.tree_id(heads.base_head))


def patch(git: Git, before: str, after: str) -> bytes:
    """What `after` changes in `before`, without the blob ids that a digest still unknown would change."""
    flags = ("-r", "-p", "--text", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv")
    lines = git.call("diff-tree", *flags, before, after).stdout.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"index "))
