"""`labels`, `reviewers` and `draft` of waybill.toml, from ship to the forge."""

from collections.abc import Iterator

import pytest

from tests.support.builders import World
from tests.support.forge_people import shown
from tests.support.forge_world import TOKEN, ForgeWorld, forge_of
from tests.support.scripts.everything import everything

WANTED = {"WAYBILL_LABELS": "release, urgent", "WAYBILL_REVIEWERS": "bob", "WAYBILL_DRAFT": "true"}


@pytest.fixture(params=["github", "gitlab", "gitea"])
def forge(request: pytest.FixtureRequest, world: World) -> Iterator[ForgeWorld]:
    with forge_of(world, request.param) as it:
        yield it
        assert it.api.problems == []


@pytest.fixture
def gitlab(world: World) -> Iterator[ForgeWorld]:
    with forge_of(world, "gitlab") as it:
        yield it


def test_ship_gives_them_and_never_takes_away_what_people_did(forge: ForgeWorld) -> None:
    ran = forge.ship(**WANTED)
    assert ran.code == 0, ran.stderr
    (pull,) = forge.api.pulls
    assert [label["name"] for label in pull["labels"]] == ["release", "urgent"]
    assert forge.api.shown(pull)["draft"]
    assert forge.api.people.asked == {1: ["bob"]}
    # A person makes it ready, and adds a label; another release is proposed in it.
    pull["title"] = pull["title"].partition(": ")[2] or pull["title"]
    pull["labels"].append(shown("theirs"))
    pull |= {"draft": False} if forge.kind == "github" else {}
    forge.world.commit({"chart/templates/more.yaml": ""})
    ran = forge.ship(text="second", **WANTED)
    assert ran.code == 0, ran.stderr
    assert forge.api.pulls == [pull]
    assert pull["title"] == "orders 0.1.1 to staging"
    assert not forge.api.shown(pull)["draft"]
    assert [label["name"] for label in pull["labels"]] == ["release", "urgent", "theirs"]
    assert forge.api.people.asked == {1: ["bob"]}
    assert len(forge.api.comments) == 1


@pytest.mark.parametrize("command", ["plan", "ship"])
def test_what_cannot_be_given_is_refused_before_anything_is_out(gitlab: ForgeWorld, command: str) -> None:
    world, image = gitlab.world, gitlab.world.image()
    settings = {"WAYBILL_GITOPS": f"{gitlab.address}/acme/fleet.git", "WAYBILL_FORGE": "gitlab",
                "WAYBILL_FORGE_TOKEN": TOKEN, "GIT_CONFIG_GLOBAL": "/dev/null"}  # fmt: skip
    before = everything(world)
    for wrong, what in (
        (settings | {"WAYBILL_REVIEWERS": "eve"}, "has nobody who could review as eve"),
        ({"WAYBILL_LABELS": "release"}, "has no forge, whose pull requests have labels"),
        ({"WAYBILL_DRAFT": "true"}, "has no forge, whose pull requests have labels"),
        ({"WAYBILL_REVIEWERS": "@bob"}, "`reviewers` has a wrong form"),
    ):
        ran = world.waybill(command, "--image", image, env=wrong)
        assert (ran.code, ran.stdout) == (1, "")
        assert what in ran.stderr
    assert everything(world) == before


def test_without_a_token_plan_claims_nothing_of_them(gitlab: ForgeWorld) -> None:
    world = gitlab.world
    gitlab.git.token = ""
    settings = {"WAYBILL_GITOPS": f"{gitlab.address}/acme/fleet.git", "WAYBILL_FORGE": "gitlab"} | WANTED
    ran = world.waybill("plan", "--image", world.image(), env=settings)
    assert ran.code == 0, ran.stderr
    assert "whether it may be proposed is not known" in ran.stderr


def test_a_draft_that_is_to_be_merged_by_itself_is_refused(gitlab: ForgeWorld) -> None:
    text = (gitlab.world.checkout / "waybill.toml").read_text()
    gitlab.world.commit({"waybill.toml": f'{text}[environment.staging]\nmerge = "auto"\n'})
    ran = gitlab.ship(WAYBILL_DRAFT="true")
    assert (ran.code, ran.json["fault"]) == (1, "you")
    assert "A draft is not merged" in ran.json["refused"]
    assert gitlab.world.tags() == {}


def test_where_the_forge_does_not_take_them_the_proposal_stands(gitlab: ForgeWorld) -> None:
    gitlab.api.most_reviewers = 0  # type: ignore[attr-defined]
    ran = gitlab.ship(**WANTED)
    assert ran.code == 1
    assert "is open, and does not have all labels and reviewers" in ran.stderr
    assert "took 0 of 1 reviewers" in ran.stderr
    assert len(gitlab.api.pulls) == 1
    gitlab.api.most_reviewers = 1  # type: ignore[attr-defined]
    assert gitlab.ship(**WANTED).code == 0
    assert gitlab.api.people.asked == {1: ["bob"]}


def test_the_forge_is_asked_to_merge_what_the_branch_has(forge: ForgeWorld) -> None:
    """GitLab forgets what it was asked when the branch moves; Gitea and GitHub keep it."""
    text = (forge.world.checkout / "waybill.toml").read_text()
    forge.world.commit({"waybill.toml": f'{text}[environment.staging]\nmerge = "auto"\n'})
    for image in ("first", "second"):
        forge.world.commit({"chart/templates/more.yaml": f"# {image}\n"})
        ran = forge.ship(text=image)
        assert ran.code == 0, ran.stderr
        assert "is asked to merge https://forge.example/acme/fleet/pull/1" in ran.stderr
        assert forge.api.asked == {1: "merge"}
        assert forge.api.pulls[0]["head"]["sha"] == ran.json["gitops"]["commit"]
    forge.api.press_merge(1)
    forge.api.held_back = False
    forge.world.commit({"chart/templates/more.yaml": "# third\n"})
    assert forge.ship(text="third").code == 0
    assert [bool(pull["merged_at"]) for pull in forge.api.pulls] == [True, True]
