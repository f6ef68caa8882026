"""`labels`, `reviewers` and `draft` of waybill.toml, from ship to the forge."""

import pytest

from tests.support.forge_people import shown
from tests.support.forge_world import ForgeWorld, on_gitlab
from tests.support.scripts.everything import everything

pytestmark = pytest.mark.long

WANTED = {"WAYBILL_LABELS": "release, urgent", "WAYBILL_REVIEWERS": "bob", "WAYBILL_DRAFT": "true"}


def test_ship_gives_them_and_never_takes_away_what_people_did(hosted: ForgeWorld) -> None:
    ran = hosted.ship(**WANTED)
    assert ran.code == 0, ran.stderr
    (pull,) = hosted.api.pulls
    assert [label["name"] for label in pull["labels"]] == ["release", "urgent"]
    assert hosted.api.shown(pull)["draft"]
    assert hosted.api.people.asked == {1: ["bob"]}
    # A person makes it ready, and adds a label; another release is proposed in it.
    pull["title"] = pull["title"].partition(": ")[2] or pull["title"]
    pull["labels"].append(shown("theirs"))
    pull |= {"draft": False} if hosted.kind == "github" else {}
    hosted.world.commit({"chart/templates/more.yaml": ""})
    ran = hosted.ship(text="second", **WANTED)
    assert ran.code == 0, ran.stderr
    assert hosted.api.pulls == [pull]
    assert pull["title"] == "orders 0.1.1 to staging"
    assert not hosted.api.shown(pull)["draft"]
    assert [label["name"] for label in pull["labels"]] == ["release", "urgent", "theirs"]
    assert hosted.api.people.asked == {1: ["bob"]}
    assert len(hosted.api.comments) == 1


@on_gitlab
@pytest.mark.parametrize("command", ["plan", "ship"])
def test_what_cannot_be_given_is_refused_before_anything_is_out(hosted: ForgeWorld, command: str) -> None:
    world, image = hosted.world, hosted.world.image()
    before = everything(world)
    for wrong, what in (
        (hosted.env | {"WAYBILL_REVIEWERS": "eve"}, "has nobody who could review as eve"),
        ({"WAYBILL_LABELS": "release"}, "has no forge, whose pull requests have labels"),
        ({"WAYBILL_DRAFT": "true"}, "has no forge, whose pull requests have labels"),
        ({"WAYBILL_REVIEWERS": "@bob"}, '`reviewers` is "@bob", and may be a user, or GROUP/NAME'),
    ):
        ran = world.waybill(command, "--image", image, env=wrong)
        assert (ran.code, ran.stdout) == (1, "")
        assert what in ran.stderr
    assert everything(world) == before


@on_gitlab
def test_without_a_token_plan_claims_nothing_of_them(hosted: ForgeWorld) -> None:
    world = hosted.world
    hosted.git.token = ""
    ran = world.waybill("plan", "--image", world.image(), env=hosted.env | WANTED | {"WAYBILL_FORGE_TOKEN": ""})
    assert ran.code == 0, ran.stderr
    assert "whether it may be proposed is not known" in ran.stderr


@on_gitlab
def test_a_draft_that_is_to_be_merged_by_itself_is_refused(hosted: ForgeWorld) -> None:
    text = (hosted.world.checkout / "waybill.toml").read_text()
    hosted.world.commit({"waybill.toml": f'{text}[environment.staging]\nmerge = "auto"\n'})
    ran = hosted.ship(WAYBILL_DRAFT="true")
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert "A draft is not merged" in ran.json["refused"]
    assert hosted.world.tags() == {}


@on_gitlab
def test_where_the_forge_does_not_take_them_the_proposal_stands(hosted: ForgeWorld) -> None:
    hosted.api.most_reviewers = 0  # type: ignore[attr-defined]
    ran = hosted.ship(**WANTED)
    assert ran.code == 1
    assert "is open, and does not have all labels and reviewers" in ran.stderr
    assert "took 0 of 1 reviewers" in ran.stderr
    assert len(hosted.api.pulls) == 1
    hosted.api.most_reviewers = 1  # type: ignore[attr-defined]
    assert hosted.ship(**WANTED).code == 0
    assert hosted.api.people.asked == {1: ["bob"]}


def test_the_forge_is_asked_to_merge_what_the_branch_has(hosted: ForgeWorld) -> None:
    """GitLab forgets what it was asked when the branch moves; Gitea and GitHub keep it."""
    text = (hosted.world.checkout / "waybill.toml").read_text()
    hosted.world.commit({"waybill.toml": f'{text}[environment.staging]\nmerge = "auto"\n'})
    for image in ("first", "second"):
        hosted.world.commit({"chart/templates/more.yaml": f"# {image}\n"})
        ran = hosted.ship(text=image)
        assert ran.code == 0, ran.stderr
        assert "is asked to merge https://forge.example/acme/fleet/pull/1" in ran.stderr
        assert hosted.api.asked == {1: "merge"}
        assert hosted.api.pulls[0]["head"]["sha"] == ran.json["gitops"]["commit"]
    hosted.api.press_merge(1)
    hosted.api.held_back = False
    hosted.world.commit({"chart/templates/more.yaml": "# third\n"})
    assert hosted.ship(text="third").code == 0
    assert [bool(pull["merged_at"]) for pull in hosted.api.pulls] == [True, True]
