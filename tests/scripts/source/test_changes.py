"""Which commits are new in a release: what git says of a real repository."""

import subprocess
from pathlib import Path

import pytest
from msgspec import UNSET

from scripts.clients.git import Git
from scripts.errors import Refused
from scripts.source.changes import NewCommits, between, refuse_absent
from tests.support.builders import git


class Log:
    """`commit` writes a file of its own below `folder`, or nothing at all for ""."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.first = self.commit("The first")

    def commit(self, message: str | bytes, folder: str = "shop", *flags: str) -> str:
        self.number += 1
        if folder:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
            (self.folder / folder / f"{self.number}").write_text("x")
        git(self.folder, "add", "-A")
        (self.folder / ".git" / "message").write_bytes(message if isinstance(message, bytes) else message.encode())
        git(
            *(self.folder, "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim"),
            *("-F", ".git/message", *flags),
        )
        return self.head

    @property
    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD")

    def since(self, older: str, *paths: str, authors: bool = True, most: int = 100) -> NewCommits:
        found = between(Git(self.folder), older, self.head, paths or (".",), authors=authors, most=most)
        assert found is not None
        return found

    def subjects(self, older: str, *paths: str) -> list[str]:
        return [commit.subject for commit in self.since(older, *paths).listed]


@pytest.fixture
def repository(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_they_are_listed_newest_first_with_subject_and_author(repository: Log) -> None:
    one, two = repository.commit("One\n\nMore."), repository.commit("Two")
    found = repository.since(repository.first)
    assert [(it.commit, it.subject, it.author) for it in found.listed] == [(two, "Two", "Ada"), (one, "One", "Ada")]
    assert (found.left_out, found.count) == (0, 2)
    assert {it.author for it in repository.since(repository.first, authors=False).listed} == {UNSET}
    assert repository.since(repository.head) == NewCommits(())


def test_those_that_are_too_many_are_counted(repository: Log) -> None:
    for number in range(7):
        repository.commit(f"Number {number}")
    found = repository.since(repository.first, most=5)
    assert ([it.subject[-1] for it in found.listed], found.left_out) == (list("65432"), 2)
    assert repository.since(repository.first, "shop", most=5).left_out == 2
    assert repository.since(repository.first, most=7).left_out == 0


def test_only_what_touches_the_paths_counts(repository: Log) -> None:
    repository.commit("Shop")
    repository.commit("Docs", "docs")
    repository.commit("Shop too", "shop/below")
    repository.commit("Another shop", "shop2")
    repository.commit("A star", "sho*")
    repository.commit("Nothing", "")
    assert repository.subjects(repository.first, "shop") == ["Shop too", "Shop"]
    assert repository.subjects(repository.first, "shop/below", "docs") == ["Shop too", "Docs"]
    assert repository.subjects(repository.first, "sho*") == ["A star"]
    assert len(repository.subjects(repository.first)) == 6


def test_what_is_merged_counts_with_its_merge_and_so_does_what_is_reverted(repository: Log) -> None:
    """The side branch is older than the release, and its revert leaves no trace in the files."""
    git(repository.folder, "checkout", "--quiet", "-b", "side")
    repository.commit("Side")
    repository.commit("Side docs", "docs")
    git(repository.folder, "revert", "--no-edit", "HEAD~1")
    git(repository.folder, "checkout", "--quiet", "main")
    released = repository.commit("Released")
    git(repository.folder, "merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    git(repository.folder, "checkout", "--quiet", "-b", "other")
    repository.commit("Other")
    git(repository.folder, "checkout", "--quiet", "main")
    git(repository.folder, "merge", "--quiet", "--no-ff", "-m", "Merge other", "other")
    assert repository.subjects(released, "shop") == ["Merge other", "Other", "Merge side", 'Revert "Side"', "Side"]
    assert sorted(repository.subjects(released)) == [
        *("Merge other", "Merge side", "Other", 'Revert "Side"', "Side", "Side docs")
    ]


def test_an_older_commit_brings_nothing_that_is_new(repository: Log) -> None:
    first, later = repository.first, repository.commit("Later")
    git(repository.folder, "checkout", "--quiet", first)
    assert repository.since(later) == NewCommits(())


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b'Revert "Say \\"hello\\" to C:\\\\"', 'Revert "Say \\"hello\\" to C:\\\\"'),
        ("Größe: 日本語 🚢".encode(), "Größe: 日本語 🚢"),
        (b"\n\n  Late\n", "Late"),
        (b"a\tb\x1b[2J\x07c\xc2\x85d\xe2\x80\xa8e\rf", "a b [2J c d e f"),
        (b"x" * 10_000, "x" * 199 + "…"),
        ("é".encode() * 200, "é" * 200),
        (b"", ""),
        (b"two\nlines\n\nbody", "two lines"),
    ],
)
def test_a_subject_is_one_line_of_text(repository: Log, message: bytes, subject: str) -> None:
    repository.commit(message)
    assert repository.subjects(repository.first) == [subject]


def test_bytes_that_are_no_text_are_seen_as_such(repository: Log) -> None:
    """As other programs than git write them, which would convert them."""
    repository.commit("PLACE")
    raw = Git(repository.folder).call("cat-file", "commit", "HEAD").stdout.replace(b"PLACE", b"Caf\xe9")
    made = Git(repository.folder).run(
        "hash-object", "-t", "commit", "-w", "--stdin", input=raw.replace(b"Ada", b"A\xff")
    )
    git(repository.folder, "reset", "--quiet", "--soft", made)
    (found,) = repository.since(repository.first).listed
    assert (found.subject, found.author) == ("Caf\ufffd", "A\ufffd")


def test_another_encoding_is_read_as_the_commit_names_it(repository: Log) -> None:
    git(repository.folder, "config", "i18n.commitEncoding", "ISO-8859-1")
    git(repository.folder, "config", "i18n.logOutputEncoding", "ISO-8859-1")
    repository.commit("Café".encode("latin-1"))
    assert repository.subjects(repository.first) == ["Café"]


@pytest.mark.parametrize("setting", ["log.follow=true", "log.showSignature=true", "core.abbrev=7", "color.ui=always"])
def test_no_setting_of_git_changes_the_list(repository: Log, setting: str) -> None:
    new = repository.commit("New")
    git(repository.folder, "config", *setting.split("="))
    assert [it.commit for it in repository.since(repository.first, "shop/2").listed] == [new]


def test_a_clone_that_cannot_tell_says_so(repository: Log, tmp_path: Path) -> None:
    older, newer = repository.commit("Older"), repository.commit("Newer")
    git(repository.folder, "config", "uploadpack.allowFilter", "true")
    for name, *flags in (["shallow", "--depth=2"], ["treeless", "--filter=tree:0", "--no-checkout"], ["whole"]):
        git(tmp_path, "clone", "--quiet", *flags, repository.folder.as_uri(), name)
    clones = {name: Git(tmp_path / name) for name in ("shallow", "treeless", "whole")}

    def told(name: str, *paths: str, since: str = older) -> NewCommits | None:
        return between(clones[name], since, newer, paths, authors=True)

    assert told("shallow", ".") is None
    assert told("whole", ".", since="0" * 40) is None
    assert told("treeless", ".") == told("whole", ".") == told("whole", "shop") != None  # noqa: E711
    if not _fetches_one_by_one():
        assert told("treeless", "shop") is None


def _fetches_one_by_one() -> bool:
    """Whether git is older than GIT_NO_LAZY_FETCH (2.45), and so fetches what a partial clone lacks."""
    said = subprocess.run(["git", "--version"], capture_output=True, check=True, text=True).stdout
    return tuple(map(int, said.split()[2].split(".")[:2])) < (2, 45)


def test_paths_that_are_not_there_are_refused(repository: Log) -> None:
    refuse_absent(Git(repository.folder), repository.head, (".", "shop", "shop/1"))
    with pytest.raises(Refused, match="`paths` names sho, shop/9, and") as refused:
        refuse_absent(Git(repository.folder), repository.head, ("shop", "sho", "shop/9"))
    assert refused.value.fault == "you"
