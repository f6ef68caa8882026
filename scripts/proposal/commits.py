"""The commits that a proposal brings to an environment, and those that it takes back, as a list in its body."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from ..clients.git import Git
from ..diff.markdown import code, prose
from ..document import SourceChange
from ..source.changes import NewCommits, between
from .body import commit_link

MOST = 30  # commits of a list
SIZE = 6_000  # characters of a list


class History(Struct, frozen=True):
    """What knows which commits lie between two releases: the source repository at `git`, of which `paths` are the
    service. `running` asks the ledger for version and source commit of what runs in an environment; None: not known."""

    git: Git
    paths: Sequence[str]
    authors: bool
    running: Callable[[str], tuple[str, str] | None]


def story(
    history: History | None, environment: str, before: Mapping[str, str], commit: str, repository: str
) -> list[str]:
    """Markdown of what `commit` brings to an environment: since the release that runs there, where the ledger knows
    it, else since the release `before`, as the GitOps repo has it. Empty where nothing is there before."""
    if not before:
        return []
    version, older = before.get("version", ""), before.get("commit")
    since = f"since {code(version)}" if version else "since the release there"
    if history and (told := history.running(environment)):
        since = f"since {code(told[0])}" + (", which runs there" if told[0] != version else "")
        version, older = told
    if history is None or older is None:
        return [f"Commits {since}: not known."]
    brought, taken = (
        between(history.git, *ends, history.paths, authors=history.authors, most=MOST)
        for ends in ((older, commit), (commit, older))
    )
    if brought is None or taken is None:
        return [f"Commits {since}: not known."]
    lines = markdown(brought, since, repository) + markdown(taken, f"of {code(version)} taken back", repository)
    return lines[:-1] or [f"No commits {since}."]


def markdown(commits: NewCommits, words: str, repository: str) -> list[str]:
    """A list with its head, which ends in `words`, and a blank line; nothing where there are no commits."""
    number = commits.count
    if not number:
        return []
    return [f"{number:,} commit{'s' * (number != 1)} {words}:", "", *_items(commits, repository), ""]


def _items(commits: NewCommits, repository: str) -> Iterator[str]:
    size, left = SIZE, commits.count
    for commit in commits.listed:
        line = f"- {_item(commit, repository)}"
        size -= len(line)
        if size < 0:
            break
        left -= 1
        yield line
    if left:
        yield f"- and {left:,} more"


def _item(commit: SourceChange, repository: str) -> str:
    author = f", {prose(commit.author)}" if commit.author else ""
    return f"{commit_link(commit.commit, repository)} {prose(commit.subject)}{author}"
