"""Labels, reviewers and drafts, alike on each forge that has them: given once, and nothing of people is taken away."""

import pytest

from scripts.errors import Refused
from scripts.forges import Attributes, Forge
from scripts.forges.file import FileForge
from scripts.forges.gitea import Gitea
from scripts.forges.gitlab import GitLab
from tests.support.forge_people import shown
from tests.support.forge_stand_in import StandIn, serving
from tests.support.gitlab_stand_in import GitLabStandIn

from .conftest import TOKEN

WHERE = ("apps/orders", "main")
WANTED = Attributes(labels=("release", "urgent"), reviewers=("bob", "acme/platform"), draft=True)


def labels(stand_in: StandIn) -> list[str]:
    return [label["name"] for label in stand_in.pulls[0]["labels"]]


def writes(stand_in: StandIn) -> int:
    return len([method for method, _, _ in stand_in.requests if method != "GET"])


def test_they_are_given_once_whoever_reviewed_since(forge: Forge, stand_in: StandIn) -> None:
    forge.check_attributes(WANTED)
    made = forge.create(*WHERE, "orders 1.0.0", "b")
    for _ in range(3):
        forge.add(made.number, WANTED)
        assert labels(stand_in) == ["release", "urgent"]
        asked = stand_in.people.asked[1]
        # A group of GitLab is its members.
        assert asked == (["bob", "carol", "dave"] if stand_in.name == "gitlab" else ["bob", "/platform"])
    assert writes(stand_in) <= 3


def test_what_people_added_stays_and_what_lacks_is_added(forge: Forge, stand_in: StandIn) -> None:
    forge.create(*WHERE, "orders 1.0.0", "b")
    stand_in.pulls[0]["labels"] = [shown("theirs"), shown("Urgent" if stand_in.name == "github" else "urgent")]
    forge.add(1, Attributes(labels=("release", "urgent")))
    assert [name.lower() for name in labels(stand_in)] == ["theirs", "urgent", "release"]
    assert stand_in.people.asked == {}


def test_giteas_exclusive_label_of_people_stays() -> None:
    gitea = StandIn("gitea")
    gitea.open(*WHERE)["labels"] += [shown(name) | {"exclusive": True} for name in ("priority/low", "alone")]
    gitea.people.labels |= {"priority/high"}
    with serving(gitea) as address:
        Gitea(f"{address}/acme/fleet", TOKEN).add(1, Attributes(labels=("release", "priority/high")))
    assert labels(gitea) == ["priority/low", "alone", "release"]
    assert gitea.problems == []


def test_without_any_nothing_is_written(forge: Forge, stand_in: StandIn) -> None:
    forge.create(*WHERE, "orders 1.0.0", "b")
    before = writes(stand_in)
    forge.check_attributes(Attributes())
    forge.add(1, Attributes())
    assert writes(stand_in) == before


def test_a_draft_is_one_until_somebody_says_that_it_is_ready(forge: Forge, stand_in: StandIn) -> None:
    """Its mark is no part of the title that is compared."""
    made = forge.create(*WHERE, "orders 1.0.0", "b", draft=True)
    assert made.title == "orders 1.0.0"
    pull = stand_in.pulls[0]
    assert stand_in.shown(pull)["draft"]
    forge.update(1, "orders 1.1.0", "b")
    assert stand_in.shown(pull)["draft"]
    assert [found.title for found in [forge.find(*WHERE)] if found] == ["orders 1.1.0"]
    pull |= {"title": "orders 1.1.0"} | ({"draft": False} if stand_in.name == "github" else {})
    forge.update(1, "orders 1.2.0", "b")
    assert not stand_in.shown(pull)["draft"]
    assert pull["title"] == "orders 1.2.0"


def test_a_draft_that_another_run_opened_is_updated(forge: Forge, stand_in: StandIn) -> None:
    forge.create(*WHERE, "theirs", "b", draft=True)
    stand_in.hidden = True
    made = forge.create(*WHERE, "mine", "b", draft=True)
    assert (made.number, made.title) == (1, "mine")
    mark = {"github": "", "gitlab": "Draft: ", "gitea": "WIP: "}[stand_in.name]
    assert [pull["title"] for pull in stand_in.pulls] == [f"{mark}mine"]


def test_a_reviewer_whom_nobody_knows_is_refused_at_the_start(forge: Forge, stand_in: StandIn) -> None:
    with pytest.raises(Refused, match="has nobody who could review as eve") as error:
        forge.check_attributes(Attributes(reviewers=("bob", "eve")))
    assert "`reviewers`" in error.value.remedy
    assert writes(stand_in) == 0
    if stand_in.name == "github":  # it tells of teams only who may see the organisation
        return
    with pytest.raises(Refused, match="has nobody who could review as acme/other"):
        forge.check_attributes(Attributes(reviewers=("acme/other",)))


def test_only_gitea_wants_its_labels_made_first(forge: Forge, stand_in: StandIn) -> None:
    wanted = Attributes(labels=("release", "new"))
    stand_in.open(*WHERE)
    if stand_in.name != "gitea":
        forge.check_attributes(wanted)
        forge.add(1, wanted)
        assert labels(stand_in) == ["release", "new"]
        return
    for refused in (lambda: forge.check_attributes(wanted), lambda: forge.add(1, wanted)):
        with pytest.raises(Refused, match="has no label new") as error:
            refused()
        assert "Create it there" in error.value.remedy


def test_what_the_token_may_not_see_is_not_claimed(forge: Forge, stand_in: StandIn) -> None:
    if stand_in.name == "github":
        stand_in.fail = (403, b'{"message": "Must have push access"}')
    stand_in.people.of_owner = 403
    forge.check_attributes(Attributes(labels=("release", "of-the-owner"), reviewers=("bob",)))


def test_a_path_has_no_such_thing() -> None:
    for verb in (FileForge("/srv/fleet.git").check_attributes, lambda it: FileForge("/srv/fleet.git").add(1, it)):
        with pytest.raises(Refused, match="has no forge, whose pull requests have labels") as error:
            verb(WANTED)
        assert error.value.fault == "you"


def test_a_gitlab_that_takes_fewer_reviewers_is_told_and_asked_once() -> None:
    stand_in = GitLabStandIn()
    stand_in.open(*WHERE)
    stand_in.most_reviewers = 1
    with serving(stand_in) as address:
        forge = GitLab(f"{address}/acme/fleet", TOKEN)
        with pytest.raises(Refused, match="took 1 of 3 reviewers"):
            forge.add(1, WANTED)
        stand_in.people.asked[1] = ["dave"]
        forge.add(1, WANTED)
    assert stand_in.people.asked == {1: ["dave"]}
