"""The commits that are new in a release: those that touch the service's `paths`.

https://git-scm.com/docs/git-rev-list
"""

from collections.abc import Sequence

from msgspec import UNSET, Struct, structs

from ..chart.version import Version
from ..clients.git import Git
from ..document import Source, SourceChange, words
from ..errors import Refused
from .checkout import Checkout
from .tags import Tagged, source_of

MOST = 100
EVERYTHING = "."


class NewCommits(Struct, frozen=True):
    """Newest first; `left_out` counts those that are older than the ones that are listed."""

    listed: tuple[SourceChange, ...]
    left_out: int = 0

    @property
    def count(self) -> int:
        return len(self.listed) + self.left_out


def with_changes(source: Source, version: Version, tags: Sequence[Tagged], here: Checkout) -> Source:
    """`source` with what is new in `version` since the highest lower one of `tags`, which has no changes if it is the
    first. What this clone cannot tell is left open, and said."""
    commits = here.git.parents(tag.commit for tag in tags)
    lower = next((tag for tag in reversed(tags) if tag.version < version and tag.commit in commits), None)
    if lower is None:
        return source
    older, config = source_of(lower, commits[lower.commit], here), here.config
    found = between(here.git, older, source.commit, config.paths, authors=config.authors)
    source = structs.replace(source, since=str(lower.version))
    if found is None:
        here.report.warn(f"this clone does not hold what tells the changes since {lower.version}: they are left open")
        return source
    return structs.replace(source, changes=found.listed, changes_left_out=found.left_out)


def between(
    git: Git, older: str, newer: str, paths: Sequence[str], *, authors: bool, most: int = MOST
) -> NewCommits | None:
    """What `newer` contains and `older` does not, as far as it touches `paths`; None where this clone cannot tell.

    That is what `git log --full-history --show-pulls` lists: reverted commits too, and merges that brought a change
    in. Of the whole repository every commit counts.
    """
    if {git.commit(older), git.commit(newer)} & {None}:
        return None
    if older == newer:
        return NewCommits(())
    if git.is_shallow():
        return None
    chosen = [] if EVERYTHING in paths else ["--full-history", "--show-pulls", "--", *paths]
    asked = ("--date-order", newer, f"^{older}", *chosen)
    listed = _rev_list(git, f"--max-count={most + 1}", "--format=%H%x00%s%x00%an", "--encoding=UTF-8",
                       "--no-commit-header", *asked)  # fmt: skip
    if listed is None:
        return None
    rows = [line.split("\0") for line in listed.decode(errors="replace").split("\n") if line]
    found = [SourceChange(name, words(subject), (authors and words(author)) or UNSET) for name, subject, author in rows]
    if len(found) <= most:
        return NewCommits(tuple(found))
    counted = _rev_list(git, "--count", *asked)
    return None if counted is None else NewCommits(tuple(found[:most]), int(counted) - most)


def _rev_list(git: Git, *args: str) -> bytes | None:
    """None where objects are missing: a partial clone would fetch them one by one."""
    env = {"GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1"}
    done = git.call("rev-list", *args, env=env, check=False)
    return done.stdout if done.code == 0 else None


def refuse_absent(git: Git, commit: str, paths: Sequence[str]) -> None:
    """Refuses those of `paths` that `commit` does not hold: nothing would ever be new in them."""
    # Not whether the object is here: a partial clone need not fetch it.
    inside = [path for path in paths if path != EVERYTHING]
    found = {path: git.call("rev-parse", "--verify", "--quiet", f"{commit}:{path}", check=False) for path in inside}
    if absent := [path for path, done in found.items() if done.code != 0]:
        raise Refused(
            f"`paths` names {', '.join(absent)}, and {commit[:12]} holds no such file or folder.",
            "Correct `paths` in waybill.toml: what of the repository is this service, relative to the file.",
            fault="you",
        )
