"""What GitLab alone has: subgroups, folders of a host, drafts, forks, its merge status."""

from typing import Any

import pytest

from scripts.errors import Refused
from scripts.forges import Attributes
from scripts.forges.gitlab import GitLab
from tests.support.forge_people import shown
from tests.support.forge_stand_in import serving
from tests.support.gitlab_stand_in import GitLabStandIn

from .conftest import TOKEN

WHERE = ("apps/orders", "main")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


@pytest.mark.parametrize(
    ("path", "below", "probes"),
    [
        ("acme/fleet", "", 0),
        ("acme/platform/eu/fleet", "", 1),
        ("acme/fleet", "/gitlab", 2),
        ("acme/platform/fleet.v2", "/dev/gitlab", 3),
    ],
)
def test_a_project_is_found_in_subgroups_and_in_a_folder_of_a_host(path: str, below: str, probes: int) -> None:
    stand_in = GitLabStandIn(path, below)
    with serving(stand_in) as address:
        forge = GitLab(f"{address}{below}/{path}.git", TOKEN)
        assert forge.create(*WHERE, "orders 1.0.0", "b").number == 1
        assert forge.api == f"{address}{below}/api/v4"
        assert forge.create(*WHERE, "orders 1.1.0", "b").title == "orders 1.1.0"
    asked = [headers.get("Authorization") for _, path, headers in stand_in.requests if path.endswith("/version")]
    assert asked == [None] * probes  # whoever else answers on that host is shown no token
    assert stand_in.problems == []


def test_where_no_gitlab_answers_it_says_so() -> None:
    served = serving(GitLabStandIn("acme/fleet", "/elsewhere"))
    with served as address, pytest.raises(Refused, match="No GitLab answers at") as error:
        GitLab(f"{address}/acme/platform/fleet", TOKEN).find(*WHERE)
    assert "`forge`" in error.value.remedy


def test_a_gitlab_that_is_not_well_is_not_looked_for_elsewhere() -> None:
    stand_in = GitLabStandIn("acme/platform/fleet")
    stand_in.fail = (502, b"")
    with serving(stand_in) as address, pytest.raises(Refused, match="502"):
        GitLab(f"{address}/acme/platform/fleet", TOKEN).find(*WHERE)
    assert len({path for _, path, _ in stand_in.requests}) == 1


def test_on_gitlab_com_every_folder_is_a_group() -> None:
    forge = GitLab("git@gitlab.com:Acme/Platform/fleet.git", TOKEN)
    assert forge.place == "https://gitlab.com/api/v4/projects/acme%2Fplatform%2Ffleet"


def test_a_draft_stays_a_draft_and_its_mark_is_no_part_of_the_title() -> None:
    stand_in = GitLabStandIn()
    stand_in.open(*WHERE, title="Draft: orders 1.0.0")
    with serving(stand_in) as address:
        forge = GitLab(f"{address}/acme/fleet", TOKEN)
        assert [found.title for found in [forge.find(*WHERE)] if found] == ["orders 1.0.0"]
        assert forge.update(1, "orders 1.1.0", "b").title == "orders 1.1.0"
        assert stand_in.pulls[0]["title"] == "Draft: orders 1.1.0"
        stand_in.pulls[0]["title"] = "orders 1.1.0"
        forge.update(1, "orders 1.2.0", "b")
    assert stand_in.pulls[0]["title"] == "orders 1.2.0"


def test_a_forks_merge_requests_are_others_however_many(quick: list[float]) -> None:
    stand_in = GitLabStandIn()
    mine = stand_in.open(*WHERE, state="closed")
    for _ in range(5):
        stand_in.open(*WHERE)["head"]["repo_id"] = 99
    with serving(stand_in) as address:
        found = GitLab(f"{address}/acme/fleet", TOKEN).find(*WHERE)
    assert found is not None
    assert (found.number, found.state) == (mine["number"], "closed")
    assert stand_in.problems == []


@pytest.mark.parametrize(
    ("told", "state"),
    [({"state": "locked"}, "open"), ({"description": None, "sha": None}, "open"), ({"source_project_id": None}, None)],
)
def test_what_gitlab_leaves_out_or_is_about_to_change_is_read(told: dict[str, Any], state: str | None) -> None:
    """A fork that is gone has no number, a merge request that is being merged is locked."""
    stand_in = GitLabStandIn()
    stand_in.open(*WHERE)
    shown_then = stand_in.shown
    stand_in.shown = lambda pull: shown_then(pull) | told  # type: ignore[method-assign]
    with serving(stand_in) as address:
        found = GitLab(f"{address}/acme/fleet", TOKEN).find(*WHERE)
    assert (found.state if found else None) == state


def test_it_waits_while_gitlab_looks_whether_it_can_be_merged(quick: list[float]) -> None:
    stand_in = GitLabStandIn()
    head = stand_in.open(*WHERE)["head"]["sha"]
    seen = iter(["unchecked", "checking", "ci_must_pass"])
    detailed = stand_in.detailed
    stand_in.detailed = lambda pull: next(seen, None) or detailed(pull)  # type: ignore[method-assign]
    with serving(stand_in) as address:
        GitLab(f"{address}/acme/fleet", TOKEN).merge(1, head)
    assert stand_in.asked == {1: "merge"}
    assert quick == [0, 1, 2]


@pytest.mark.parametrize("status", ["conflict", "draft_status", "unchecked", ""])
def test_what_cannot_be_merged_is_told_with_its_status(quick: list[float], status: str) -> None:
    stand_in = GitLabStandIn()
    head = stand_in.open(*WHERE)["head"]["sha"]
    stand_in.detailed = lambda _: status  # type: ignore[method-assign]
    stand_in.held_back = False
    with serving(stand_in) as address:
        forge = GitLab(f"{address}/acme/fleet", TOKEN)
        if not status:  # an older one
            forge.merge(1, head)
            assert stand_in.asked == {1: "merge"}
            return
        with pytest.raises(Refused, match=f"does not merge merge request 1 by itself: its status is {status}"):
            forge.merge(1, head)
    assert stand_in.asked == {}


@pytest.mark.parametrize(("status", "why"), [(401, "may merge nothing into that branch"), (409, "has another commit")])
def test_why_it_does_not_merge_is_told_by_its_cause(quick: list[float], status: int, why: str) -> None:
    stand_in = GitLabStandIn()
    head = stand_in.open(*WHERE)["head"]["sha"]
    stand_in.merge_request = lambda *_: (status, {"message": "no"})  # type: ignore[method-assign]
    with serving(stand_in) as address, pytest.raises(Refused, match=why):
        GitLab(f"{address}/acme/fleet", TOKEN).merge(1, head)


def test_it_is_asked_again_where_it_did_not_see_the_push_yet(quick: list[float]) -> None:
    stand_in = GitLabStandIn()
    pull = stand_in.open(*WHERE)
    head, pull["head"]["sha"] = pull["head"]["sha"], "0" * 40
    merge = stand_in.merge_request

    def see_it_then(*asked: Any) -> tuple[int, Any]:
        answer = merge(*asked)
        pull["head"]["sha"] = head
        return answer

    stand_in.merge_request = see_it_then  # type: ignore[method-assign]
    with serving(stand_in) as address:
        GitLab(f"{address}/acme/fleet", TOKEN).merge(1, head)
    assert (stand_in.asked, quick) == ({1: "merge"}, [0, 1])


@pytest.mark.parametrize(
    ("theirs", "given"), [("priority::low", ["release"]), ("size::s", ["release", "priority::high"])]
)
def test_a_label_of_peoples_is_not_replaced_by_one_of_its_scope(theirs: str, given: list[str]) -> None:
    stand_in = GitLabStandIn()
    stand_in.open(*WHERE)["labels"].append(shown(theirs))
    with serving(stand_in) as address:
        GitLab(f"{address}/acme/fleet", TOKEN).add(1, Attributes(labels=("release", "priority::high")))
    assert [label["name"] for label in stand_in.pulls[0]["labels"]] == [theirs, *given]


def test_what_cannot_be_taken_back_is_refused() -> None:
    stand_in = GitLabStandIn()
    stand_in.asked[stand_in.open(*WHERE)["number"]] = "merge"
    refuse = stand_in.of_request
    stand_in.of_request = lambda method, *rest: (401, {}) if method == "POST" else refuse(method, *rest)  # type: ignore[method-assign]
    with serving(stand_in) as address, pytest.raises(Refused, match="still merges merge request 1"):
        GitLab(f"{address}/acme/fleet", TOKEN).withdraw(1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message": {"title": ["is too long"], "base": ["a", "b"]}}', "422 title is too long; base a, b."),
        (b'{"message": ["Another one"]}', "422 Another one."),
        (b'{"error": "title is empty"}', "422 title is empty."),
        (b'{"message": null}', "422."),
        (b"[]", "422."),
    ],
)
def test_each_form_of_gitlabs_errors_is_read(body: bytes, said: str) -> None:
    stand_in = GitLabStandIn()
    stand_in.open(*WHERE)
    with serving(stand_in) as address:
        stand_in.replies.append((422, {}, body))
        with pytest.raises(Refused) as error:
            GitLab(f"{address}/acme/fleet", TOKEN).update(1, "t", "b")
    assert error.value.what.endswith(said)
