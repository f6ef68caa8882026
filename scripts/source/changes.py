"""The commits that are new in a release: those that touch the service's `paths`.

https://git-scm.com/docs/git-rev-list
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..clients.git import Git
from ..errors import Refused

MOST = 100
LONGEST = 200  # characters of a subject or a name
EVERYTHING = "."


@dataclass(frozen=True)
class NewCommit:
    """`subject` and `author` are one line each; `author` is "" where names are left out."""

    commit: str
    subject: str
    author: str


@dataclass(frozen=True)
class NewCommits:
    """Newest first; `left_out` counts those that are older than the ones that are listed."""

    listed: tuple[NewCommit, ...]
    left_out: int = 0

    @property
    def count(self) -> int:
        return len(self.listed) + self.left_out


def between(
    git: Git, older: str, newer: str, paths: Sequence[str], *, authors: bool, most: int = MOST
) -> NewCommits | None:
    """What `newer` contains and `older` does not, as far as it touches `paths`; None where this clone cannot tell.

    That is what `git log --full-history --show-pulls` lists: reverted commits too, and merges that brought a change
    in. Of the whole repository every commit counts.
    """
    if {git.commit(older), git.commit(newer)} & {None} or git.is_shallow():
        return None
    chosen = [] if EVERYTHING in paths else ["--full-history", "--show-pulls", "--", *paths]
    asked = ("--date-order", newer, f"^{older}", *chosen)
    listed = _rev_list(git, f"--max-count={most + 1}", "--format=%H%x00%s%x00%an", "--encoding=UTF-8",
                       "--no-commit-header", *asked)  # fmt: skip
    if listed is None:
        return None
    rows = [line.split("\0") for line in listed.decode(errors="replace").split("\n") if line]
    found = [NewCommit(name, line_of(subject), line_of(author) if authors else "") for name, subject, author in rows]
    if len(found) <= most:
        return NewCommits(tuple(found))
    counted = _rev_list(git, "--count", *asked)
    return None if counted is None else NewCommits(tuple(found[:most]), int(counted) - most)


def _rev_list(git: Git, *args: str) -> bytes | None:
    """None where objects are missing: a partial clone would fetch them one by one."""
    env = {"GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1"}
    done = git.call("rev-list", *args, env=env, check=False)
    return done.stdout if done.code == 0 else None


def line_of(text: str) -> str:
    """`text` in one line of at most LONGEST characters; what is cut ends with an ellipsis."""
    line = "".join(" " if sign < " " or "\x7f" <= sign <= "\x9f" or sign in "\u2028\u2029" else sign for sign in text)
    line = line.strip()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def refuse_absent(git: Git, commit: str, paths: Sequence[str]) -> None:
    """Refuses those of `paths` that `commit` does not hold: nothing would ever be new in them."""
    # Not whether the object is here: a partial clone need not fetch it.
    found = {path: git.call("rev-parse", "--verify", "--quiet", f"{commit}:{path}", check=False) for path in paths}
    if absent := [path for path, done in found.items() if done.code != 0 and path != EVERYTHING]:
        raise Refused(
            f"`paths` names {', '.join(absent)}, and {commit[:12]} holds no such file or folder.",
            "Correct `paths` in waybill.toml: what of the repository is this service, relative to the file.",
            fault="you",
        )
