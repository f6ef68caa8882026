"""What others do to the GitOps repo while Waybill proposes, and what a failed run leaves to the next."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import UNSET, structs

from scripts.errors import Refused
from scripts.forges import Proposal
from scripts.forges.file import FileForge
from tests.support.builders import git
from tests.support.gitops_repo import GitopsRepo, proposed, waybill, without_difference

BRANCH = "apps/orders"
RELEASE = "apps/orders/staging/release.yaml"


def states(repo: GitopsRepo) -> list[tuple[str, str]]:
    return [(proposal["title"], proposal["state"]) for proposal in repo.proposals()]


class Watched(FileForge):
    """Runs `when_asked` each time Waybill asks for the proposal: after it looked at the branch, before it pushes."""

    def __init__(self, repo: GitopsRepo, when_asked: Callable[[], object]) -> None:
        super().__init__(str(repo.bare))
        self.when_asked = when_asked

    def find(self, branch: str, base: str) -> Proposal | None:
        self.when_asked()
        return super().find(branch, base)


def test_a_commit_that_arrives_in_between_is_not_pushed_over(repo: GitopsRepo) -> None:
    repo.propose()
    theirs: list[str] = []

    def interfere() -> None:
        if not theirs:
            theirs.append(repo.commit({"note.md": "mine\n"}, BRANCH))

    change = repo.change(waybill(version="1.5.0"))
    proposed(change, Watched(repo, interfere))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == theirs[0]


@pytest.mark.long
def test_a_branch_that_never_rests_is_refused_in_the_end(repo: GitopsRepo) -> None:
    repo.propose()
    count = iter(range(100))
    change = repo.change(waybill(version="1.5.0"))
    interfere = lambda: repo.commit({"note.md": f"{next(count)}\n"}, BRANCH)  # noqa: E731
    with pytest.raises(Refused, match="moved 10 times"):
        proposed(change, Watched(repo, interfere))


def test_only_who_has_the_branch_writes_the_proposal(repo: GitopsRepo) -> None:
    """A faster run proposes a higher version while the slower one still describes its own."""
    change = repo.change(waybill())

    def slowly(*given: Any) -> str:
        if repo.head(BRANCH) == given[2].commit:
            repo.propose(waybill(version="1.5.0"))
        return without_difference(*given)

    released, intent = proposed(change, FileForge(str(repo.bare)), slowly)
    assert (intent.outcome, released.gitops) == ("superseded", UNSET)
    assert states(repo) == [("orders 1.5.0 to staging", "open")]


class Silent(FileForge):
    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        raise Refused("The forge did not answer.", "Again.", fault="forge")


def test_what_the_forge_missed_the_next_run_completes(repo: GitopsRepo) -> None:
    change = repo.change(waybill())
    with pytest.raises(Refused, match="did not answer"):
        proposed(change, Silent(str(repo.bare)))
    head = repo.head(BRANCH)
    released, intent = repo.propose()
    assert (intent.outcome, repo.head(BRANCH)) == ("held", head)
    assert released.gitops is not UNSET
    assert states(repo) == [("orders 1.4.2 to staging", "open")]


def test_a_proposal_of_another_version_that_the_base_overtook_is_named(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge(BRANCH)
    repo.propose(waybill(version="1.5.0"))
    _, intent = repo.propose(waybill(), reason="1.5.0 is not wanted")
    assert intent.outcome == "unneeded"
    assert "2.json is still open for another version" in intent.said


class Telling(FileForge):
    """Knows, as real forges do, at which commit a proposal was merged."""

    def find(self, branch: str, base: str) -> Proposal | None:
        found = super().find(branch, base)
        return found and structs.replace(found, head=git(self.folder.parent, "rev-parse", branch))


def test_a_squashed_branch_is_done_even_if_the_base_moved_on_in_the_same_lines(repo: GitopsRepo) -> None:
    repo.propose()
    repo.commit({"apps/orders/note.md": "mine\n"}, BRANCH)
    repo.merge(BRANCH, "--squash")
    repo.commit({"apps/orders/note.md": "changed since\n"})
    change = repo.change(waybill(version="1.5.0"))
    proposed(change, Telling(str(repo.bare)))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")


@pytest.mark.long
def test_a_title_is_as_long_as_forges_keep_it(repo: GitopsRepo) -> None:
    """So that the next run finds it as it wrote it."""
    names = tuple(f"production-{number}-of-europe" for number in range(30))
    for _ in range(2):
        repo.propose(waybill(), *names, environments=names)
    [proposal] = repo.proposals()
    assert proposal["title"].startswith("orders 1.4.2 to production-0-of-europe and production-1-")
    assert len(proposal["title"]) < 255
    assert proposal["comments"] == []
