"""Which release each environment gets, where there is no GitOps repo: a ref of the source repository for each, whose
commits are the moves of its tag, one after the other. Only a push with a lease adds one, so that of several at once
each comes after another; the tag in the registry follows.
"""

from typing import Literal

from msgspec import Struct
from semver import Version

from ..clients.git import TRAILER, Git
from ..errors import Refused

MANIFESTS, KIND, REASON, OVERRIDDEN = (f"Waybill-{name}" for name in ("Manifests", "Kind", "Reason", "Overridden"))
Kind = Literal["ship", "promote", "rollback"]
KINDS: dict[str, Kind] = {"ship": "ship", "promote": "promote", "rollback": "rollback"}
FIELDS = (TRAILER, MANIFESTS, KIND, REASON, OVERRIDDEN)


class TagMove(Struct, frozen=True):
    """The environment gets `version` from then on: the manifests of this `digest`, which the commit's tree makes.
    `kind` is the command that moved it, `reason` why a rollback did. `overridden`: it runs other images than those of
    the release."""

    commit: str
    version: str
    digest: str
    kind: Kind
    reason: str
    overridden: bool


def trailers(digest: str, kind: Kind, reason: str, *, overridden: bool) -> str:
    """Those that follow the release's own."""
    told = {MANIFESTS: digest, KIND: kind, REASON: reason, OVERRIDDEN: "yes" if overridden else ""}
    return "".join(f"{name}: {text}\n" for name, text in told.items() if text)


def beginning(git: Git) -> str:
    """The commit without files that comes before the first move, the same everywhere."""
    tree = git.run("mktree", input=b"")
    return git.commit_tree(tree, [], "No release yet\n\nWhich one this environment gets is kept here by Waybill.\n", 0)


def moves(git: Git, remote: str, ref: str) -> list[TagMove]:
    """The newest first, none where the remote has no such ref; refused where it names anything else, or where another
    ref leaves no room for it."""
    found = git.refs(remote, ref, f"{ref}/*", ref.rpartition("/")[0])
    if clash := next((name for name in found if name != ref and name.startswith("refs/")), None):
        raise Refused(
            f"The source repository has {clash}, beside which there can be no {ref}.",
            f"Find out who pushed it, and delete it there: `git push {remote} :{clash}`.",
            fault="repository",
        )
    head = found.get(ref)
    if head is None:
        return []
    if head not in git.has([head]):
        git.fetch(remote, [ref])
    return moves_to(git, head, ref)


def moves_to(git: Git, head: str, ref: str) -> list[TagMove]:
    """Up to the commit `head` of the ref."""
    shape = "%x00".join(["%H", *(f"%(trailers:key={it},valueonly,separator=%x20)" for it in FIELDS)])
    listed = git.run("log", "--first-parent", "--no-show-signature", f"--format={shape}", head).splitlines()
    rows = [line.split("\0") for line in listed] or [[head, *("" for _ in FIELDS)]]  # what is no commit has no log
    return [_move(row, ref) for row in rows[:-1] or rows]  # the last is the beginning


def _move(row: list[str], ref: str) -> TagMove:
    commit, release, digest, kind, reason, overridden = row
    version = release.rpartition(" ")[2]
    if not Version.is_valid(version) or not digest.startswith("sha256:") or kind not in KINDS:
        raise Refused(
            f"{ref} of the source repository names {commit[:12]}, which is no move of Waybill's.",
            f"Find out who pushed it, and let {ref} name the newest commit with the trailer {MANIFESTS} again.",
            fault="repository",
        )
    return TagMove(commit, version, digest, KINDS[kind], reason, bool(overridden))
