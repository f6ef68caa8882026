"""The branch and the pull request of a service, case by case, on a real GitOps repo."""

from pathlib import Path

import pytest
from msgspec import UNSET

from scripts.clients.git import IDENTITY
from scripts.errors import Refused
from tests.support.builders import git
from tests.support.gitops_repo import GitopsRepo, waybill

BRANCH = "apps/orders"
RELEASE = "apps/orders/staging/release.yaml"


def log(repo: GitopsRepo, *args: str) -> list[str]:
    return git(repo.bare, "log", "--format=%H", *args).splitlines()


def states(repo: GitopsRepo) -> list[tuple[str, str]]:
    return [(proposal["title"], proposal["state"]) for proposal in repo.proposals()]


def test_the_first_release_is_one_commit_on_the_base(repo: GitopsRepo) -> None:
    released, intent = repo.propose()
    head = repo.head(BRANCH)
    assert released.gitops is not UNSET
    assert (released.gitops.branch, released.gitops.commit) == (BRANCH, head)
    assert released.gitops.environments == ("staging",)
    assert released.gitops.repository == str(repo.bare)
    assert git(repo.bare, "rev-parse", f"{head}^") == repo.head("main")
    assert git(repo.bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>", BRANCH) == f"{IDENTITY}|{IDENTITY}"
    assert git(repo.bare, "log", "-1", "--format=%(trailers:key=Waybill-Release,valueonly)", BRANCH) == "orders 1.4.2"
    (proposal,) = repo.proposals()
    assert (proposal["branch"], proposal["base"], proposal["state"]) == (BRANCH, "main", "open")
    assert proposal["title"] == "orders 1.4.2 to staging"
    assert f"ghcr.io/acme/orders@sha256:{'d' * 64}" in proposal["body"]
    assert proposal["number"] == 1
    assert released.gitops.proposal is UNSET
    git(repo.work, "checkout", "--quiet", "main")
    (repo.folder / "patch").write_bytes(intent.patch)
    git(repo.work, "apply", "--index", str(repo.folder / "patch"))
    assert git(repo.work, "write-tree") == git(repo.bare, "rev-parse", f"{BRANCH}^{{tree}}")


def test_the_same_release_again_pushes_nothing_and_opens_nothing(repo: GitopsRepo) -> None:
    first, _ = repo.propose()
    repo.commit({"README.md": "Another service was merged meanwhile.\n"})
    again, intent = repo.propose()
    assert (again, intent.outcome, intent.patch) == (first, "held", b"")
    assert states(repo) == [("orders 1.4.2 to staging", "open")]


def test_a_new_version_takes_the_place_of_the_old_one(repo: GitopsRepo) -> None:
    repo.propose()
    repo.commit({"README.md": "Moved on.\n"})
    repo.propose(waybill(version="1.5.0"))
    assert log(repo, f"main..{BRANCH}") == [repo.head(BRANCH)]
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")
    (proposal,) = repo.proposals()
    assert proposal["title"] == "orders 1.5.0 to staging"
    assert "1.4.2" not in proposal["body"]
    assert proposal["comments"] == ["Proposed here now: orders 1.5.0 to staging."]


@pytest.mark.long
def test_what_it_replaces_is_known_however_often_it_is_proposed(repo: GitopsRepo) -> None:
    """The version that was there before can arrive no more; a run that is killed after its push is not the last one."""
    assert repo.propose()[1].replaces is None
    assert repo.propose()[1].replaces is None
    repo.commit({"README.md": "Moved on.\n"})
    for _ in range(2):
        assert repo.propose(waybill(version="1.5.0"))[1].replaces == "1.4.2"
        repo.commit({f"notes-{_}.md": "A person's.\n"}, BRANCH)
    assert repo.propose(waybill(version="1.6.0"))[1].replaces == "1.5.0"
    assert git(repo.bare, "log", "-1", "--format=%(trailers:key=Waybill-Replaces,valueonly)", BRANCH) == "1.5.0"


@pytest.mark.parametrize("state", ["merged", "cherry-picked"])
def test_what_has_arrived_is_not_replaced(repo: GitopsRepo, state: str) -> None:
    repo.propose()
    if state == "merged":
        repo.merge(BRANCH)
    else:
        repo.commit({path: data.decode() for path, data in repo.files(BRANCH).items()})
        repo.commit({"mine.md": "So that the branch is not done.\n"}, BRANCH)
    assert repo.propose(waybill(version="1.5.0"))[1].replaces is None


@pytest.mark.long
def test_what_is_proposed_for_another_environment_is_not_replaced(repo: GitopsRepo) -> None:
    repo.propose(waybill(version="1.4.0"), "production")
    _, intent = repo.propose(waybill(version="1.5.0"), "staging")
    assert (intent.replaces, repo.head(BRANCH)) == (None, intent.commit)
    _, intent = repo.propose(waybill(version="1.6.0"), "staging", "production")
    assert intent.replaces == "1.5.0"


def test_the_version_in_the_place_of_a_closed_proposal_is_replaced(repo: GitopsRepo) -> None:
    repo.propose()
    repo.set_state(BRANCH, "closed")
    assert repo.propose(waybill(version="1.5.0"))[1].replaces == "1.4.2"


def test_what_the_base_has_is_not_proposed(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge(BRANCH)
    head = repo.head(BRANCH)
    again, intent = repo.propose()
    assert (intent.outcome, again.gitops, repo.head(BRANCH)) == ("unneeded", UNSET, head)
    assert "1.4.2 already" in intent.said


@pytest.mark.parametrize("where", ["base", "branch"])
def test_a_lower_version_is_superseded(repo: GitopsRepo, where: str) -> None:
    repo.propose(waybill(version="1.10.0"))
    if where == "base":
        repo.merge(BRANCH)
    head = repo.head(BRANCH)
    again, intent = repo.propose(waybill(version="1.9.0"))
    assert (intent.outcome, again.gitops, repo.head(BRANCH)) == ("superseded", UNSET, head)
    assert "has 1.10.0 for staging" in intent.said
    assert len(repo.proposals()) == 1


def test_a_roll_back_lowers_the_version_and_says_why(repo: GitopsRepo) -> None:
    repo.propose(waybill(version="1.10.0"))
    repo.merge(BRANCH)
    _, intent = repo.propose(waybill(version="1.9.0"), reason="It loses orders.\nSee the incident.")
    assert intent.outcome == "push"
    assert '-      version: "1.10.0"\n+      version: "1.9.0"' in intent.patch.decode()
    message = git(repo.bare, "log", "-1", "--format=%B", BRANCH)
    assert message.startswith("Roll orders back to 1.9.0 in staging\n\nIt loses orders.\nSee the incident.\n")
    body = repo.proposals()[-1]["body"]
    assert "> It loses orders.\n> See the incident." in body


@pytest.mark.parametrize("flags", [(), ("--squash",), ("--ff-only",)], ids=["merge", "squash", "fast-forward"])
@pytest.mark.parametrize("foreign", [False, True], ids=["ours", "foreign"])
def test_after_a_merge_the_branch_begins_anew(repo: GitopsRepo, flags: tuple[str, ...], foreign: bool) -> None:
    repo.propose()
    if foreign:
        repo.commit({"apps/orders/note.md": "mine\n"}, BRANCH)
    repo.merge(BRANCH, *flags)
    repo.commit({"README.md": "Moved on.\n"})
    repo.propose(waybill(version="1.5.0"))
    assert log(repo, f"main..{BRANCH}") == [repo.head(BRANCH)]
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")
    assert states(repo) == [("orders 1.4.2 to staging", "merged"), ("orders 1.5.0 to staging", "open")]


def test_a_deleted_branch_is_made_again(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge(BRANCH)
    git(repo.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
    repo.propose(waybill(version="1.5.0"))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")


@pytest.mark.long
def test_somebody_elses_commit_stays_and_ours_goes_on_top(repo: GitopsRepo) -> None:
    repo.propose()
    theirs = repo.commit({RELEASE: repo.text(RELEASE, BRANCH) + "  values: {a: 1}\n"}, BRANCH)
    repo.propose(waybill(version="1.5.0"))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == theirs
    assert repo.text(RELEASE, BRANCH).endswith('version: "1.5.0"\n  values: {a: 1}\n')
    head = repo.head(BRANCH)
    _, again = repo.propose(waybill(version="1.5.0"))
    assert (again.outcome, repo.head(BRANCH)) == ("held", head)
    repo.propose(waybill(version="1.6.0"))
    assert theirs in log(repo, BRANCH)


def test_a_branch_that_somebody_else_began_gets_ours_on_top(repo: GitopsRepo) -> None:
    theirs = repo.commit({"notes.md": "Soon.\n"}, BRANCH)
    repo.propose()
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == theirs


def test_a_commit_of_ours_that_somebody_amended_stays(repo: GitopsRepo) -> None:
    repo.propose()
    git(repo.work, "fetch", "--quiet", "origin")
    git(repo.work, "checkout", "--quiet", "-B", BRANCH, f"origin/{BRANCH}")
    (repo.work / "note.md").write_text("mine\n")
    git(repo.work, "add", "-A")
    git(repo.work, "commit", "--quiet", "--amend", "--no-edit")
    git(repo.work, "push", "--quiet", "--force", "origin", BRANCH)
    theirs = repo.head(BRANCH)
    repo.propose(waybill(version="1.5.0"))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == theirs


def test_a_reverting_commit_is_somebody_elses_too(repo: GitopsRepo) -> None:
    repo.propose()
    git(repo.work, "fetch", "--quiet", "origin")
    git(repo.work, "checkout", "--quiet", "-B", BRANCH, f"origin/{BRANCH}")
    git(repo.work, "revert", "--no-edit", "HEAD")
    git(repo.work, "push", "--quiet", "origin", BRANCH)
    theirs = repo.head(BRANCH)
    repo.propose(waybill(version="1.5.0"))
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == theirs


@pytest.mark.long
def test_a_branch_that_no_longer_merges_is_made_again(repo: GitopsRepo) -> None:
    repo.propose()
    repo.merge(BRANCH)
    repo.propose(waybill(version="1.5.0"))
    repo.commit({RELEASE: repo.text(RELEASE).replace('version: "1.4.2"', 'version: "1.4.2"  # frozen until May')})
    _, intent = repo.propose(waybill(version="1.5.0"))
    assert intent.outcome == "push"
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")
    assert 'version: "1.5.0"  # frozen until May' in repo.text(RELEASE, BRANCH)


def test_a_branch_with_a_foreign_commit_that_does_not_merge_is_left_to_people(repo: GitopsRepo) -> None:
    repo.propose()
    repo.commit({"README.md": "Mine.\n"}, BRANCH)
    repo.commit({"README.md": "Yours.\n"})
    _, intent = repo.propose()
    assert intent.outcome == "held"
    assert "does not merge into main cleanly" in intent.said


@pytest.mark.long
def test_a_closed_proposal_is_not_reopened_for_its_version(repo: GitopsRepo) -> None:
    repo.propose()
    repo.set_state(BRANCH, "closed")
    head = repo.head(BRANCH)
    again, intent = repo.propose()
    assert (intent.outcome, again.gitops, repo.head(BRANCH)) == ("closed", UNSET, head)
    git(repo.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert repo.propose()[1].outcome == "closed"
    assert repo.head(BRANCH) is None
    repo.propose(waybill(version="1.4.3"))
    assert states(repo) == [("orders 1.4.2 to staging", "closed"), ("orders 1.4.3 to staging", "open")]


@pytest.mark.long
@pytest.mark.parametrize("clean", [True, False], ids=["merges", "conflicts"])
def test_what_is_proposed_for_another_environment_is_kept(repo: GitopsRepo, clean: bool) -> None:
    for environment in ("staging", "production"):
        repo.propose(waybill(version="1.4.0"), environment)
        repo.merge(BRANCH)
    production = RELEASE.replace("staging", "production")
    repo.propose(waybill(version="1.5.0"), "production")
    if not clean:
        repo.commit({production: repo.text(production).replace('version: "1.4.0"', 'version: "1.4.0" # edited')})
    repo.propose(waybill(version="1.6.0"), "staging")
    assert 'version: "1.5.0"' in repo.text(production, BRANCH)
    assert 'version: "1.6.0"' in repo.text(RELEASE, BRANCH)
    assert (git(repo.bare, "rev-parse", f"{BRANCH}^") == repo.head("main")) is clean


def test_only_the_environments_that_it_raises_are_proposed(repo: GitopsRepo) -> None:
    repo.propose(waybill(version="2.0.0"), "production")
    repo.merge(BRANCH)
    released, intent = repo.propose(waybill(version="1.9.0"), "staging", "production")
    assert intent.environments == ("staging",)
    assert released.gitops is not UNSET
    assert released.gitops.environments == ("staging",)
    assert "main has 2.0.0 for production" in intent.said


def test_the_base_can_be_another_branch(repo: GitopsRepo) -> None:
    base = repo.commit({"README.md": "Next.\n"}, "release/next")
    repo.propose(gitops_branch="release/next")
    assert git(repo.bare, "rev-parse", f"{BRANCH}^") == base
    assert repo.proposals()[0]["base"] == "release/next"


def test_a_gitops_repo_that_cannot_take_it_is_refused(repo: GitopsRepo, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has no branch nowhere") as error:
        repo.propose(gitops_branch="nowhere")
    assert error.value.fault == "gitops"
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    repo.bare = tmp_path / "empty.git"
    with pytest.raises(Refused, match="is empty"):
        repo.propose()
    repo.bare = tmp_path / "absent.git"
    with pytest.raises(Refused) as error:
        repo.propose()
    assert error.value.fault == "gitops"


@pytest.mark.parametrize("name", ["apps", "apps/orders/mine"])
def test_a_branch_that_stands_in_the_way_is_named(repo: GitopsRepo, name: str) -> None:
    repo.commit({"README.md": "Mine.\n"}, name)
    with pytest.raises(Refused, match=f"has the branch {name}, beside which there can be no apps/orders") as error:
        repo.propose()
    assert error.value.fault == "gitops"
