"""A forge is asked to merge by its own rules, alike on each; Gitea and GitHub over HTTP, held to their descriptions."""

import pytest

from scripts.errors import Refused
from scripts.forges import Forge
from scripts.forges.file import FileForge
from scripts.forges.github import GitHub
from tests.support.forge_stand_in import StandIn, serving


def test_it_is_asked_once_and_that_can_be_taken_back(forge: Forge, stand_in: StandIn) -> None:
    head = stand_in.open("apps/orders", "main")["head"]["sha"]
    forge.check_merge()
    for _ in range(2):
        forge.merge(1, head)
        assert stand_in.asked == {1: "merge"}
    for _ in range(2):
        forge.withdraw(1)
        assert stand_in.asked == {}
    assert stand_in.pulls[0]["state"] == "open"


def test_what_no_rule_holds_back_is_merged(forge: Forge, stand_in: StandIn) -> None:
    stand_in.held_back = False
    forge.merge(1, stand_in.open("apps/orders", "main")["head"]["sha"])
    assert stand_in.pulls[0]["merged_at"]


def test_the_way_to_merge_is_the_repositorys(forge: Forge, stand_in: StandIn) -> None:
    """GitLab needs no word about it."""
    stand_in.repository |= (
        {"default_merge_style": "squash"} if stand_in.name == "gitea" else {"allow_merge_commit": False}
    )
    forge.merge(1, stand_in.open("apps/orders", "main")["head"]["sha"])
    assert stand_in.asked == {1: "merge" if stand_in.name == "gitlab" else "squash"}


def test_a_branch_that_moved_is_not_merged(stand_in: StandIn, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    stand_in.open("apps/orders", "main")
    with pytest.raises(Refused, match=r"does not merge (pull|merge) request 1|409"):
        forge.merge(1, "0" * 40)
    assert stand_in.asked == {}


def test_a_forge_that_does_not_merge_by_itself_says_so_early(tmp_path: object) -> None:
    with pytest.raises(Refused, match="a path has no forge that merges") as refused:
        FileForge("/srv/fleet.git").check_merge()
    assert 'merge = "review"' in refused.value.remedy
    github = StandIn("github")
    github.repository |= {"allow_auto_merge": False}
    with serving(github) as address, pytest.raises(Refused, match="does not let pull requests merge by themselves"):
        GitHub(f"{address}/acme/fleet", "t").check_merge()


def test_what_cannot_be_taken_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    github = StandIn("github")
    github.asked[github.open("apps/orders", "main")["number"]] = "merge"
    monkeypatch.setattr(GitHub, "graph", lambda *_: "Because I say so")
    with serving(github) as address, pytest.raises(Refused, match="still merges pull request 1"):
        GitHub(f"{address}/acme/fleet", "t").withdraw(1)


@pytest.mark.parametrize(
    ("answer", "what"),
    [({}, "neither with data nor with errors"), ({"data": {}}, "neither with data"), ({"message": "Hello"}, "neither")],
)
def test_an_answer_that_says_nothing_is_no_promise_to_merge(answer: object, what: str) -> None:
    github = StandIn("github")
    github.graph = lambda *_: answer  # type: ignore[method-assign]
    head = github.open("apps/orders", "main")["head"]["sha"]
    with serving(github) as address, pytest.raises(Refused, match=what):
        GitHub(f"{address}/acme/fleet", "t").merge(1, head)


def test_what_was_not_merged_is_not_called_so() -> None:
    github = StandIn("github")
    github.held_back = False
    head = github.open("apps/orders", "main")["head"]["sha"]
    github.merge = lambda *_: (200, {"merged": False})  # type: ignore[method-assign]
    with serving(github) as address, pytest.raises(Refused, match="did not merge pull request 1"):
        GitHub(f"{address}/acme/fleet", "t").merge(1, head)
