"""What a release tells of itself: which commits are new in it, who made it, what it takes the place of, and where."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import World, git
from tests.support.running_ledger import serving

pytestmark = pytest.mark.long

ACTIONS = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/orders", "GITHUB_RUN_ID": "77",
           "GITHUB_RUN_NUMBER": "5", "GITHUB_ACTOR": "octocat"}  # fmt: skip
GITLAB = {"CI_PIPELINE_URL": "https://gitlab.com/acme/orders/-/pipelines/9", "GITLAB_USER_LOGIN": "ada"}


def bodies(world: World) -> list[str]:
    files = sorted(world.gitops.glob("waybill-proposals/*.json"))
    return [json.loads(file.read_text())["body"] for file in files]


def test_a_release_lists_what_is_new_since_the_one_below(world: World) -> None:
    first = world.ship(world.image())
    assert not {"since", "changes", "changes_left_out"} & first["source"].keys()
    one = world.commit({"a.txt": "a"}, 'Revert "One" of C:\\x')
    two = world.commit({"b.txt": "b"}, "Two")
    second = world.ship(world.image())
    assert second["source"]["since"] == "0.1.0"
    assert second["source"]["changes"] == [
        {"commit": two, "subject": "Two", "author": "Ada"},
        {"commit": one, "subject": 'Revert "One" of C:\\x', "author": "Ada"},
    ]
    assert second["source"]["changes_left_out"] == 0
    again = world.ship(world.image("another"))["source"]
    assert (again["since"], again["changes"]) == ("0.1.1", [])


def test_what_is_told_from_the_tag_and_from_a_shallow_clone_is_the_same(world: World, tmp_path: Path) -> None:
    world.ship(world.image())
    world.commit({"a.txt": "a"}, "One")
    shipped = world.ship(world.image())
    world.commit({"b.txt": "b"}, "Two")
    git(tmp_path, "clone", "--quiet", "--no-tags", "--depth=1", world.origin.as_uri(), "shallow")
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.1", "--json", cwd=tmp_path / "shallow")
    assert ran.json["source"] == shipped["source"]
    assert ran.json["source"]["changes"][0]["subject"] == "One"


def test_paths_say_what_of_the_repository_is_the_service(world: World) -> None:
    settings = {"WAYBILL_PATHS": "chart,src", "WAYBILL_AUTHORS": "false"}
    refused = world.waybill("ship", "--image", world.image(), env=settings)
    assert (refused.code, world.tags()) == (1, {})
    assert "`paths` names src, and" in refused.stderr
    world.commit({"src/main.c": "int"}, "Source")
    world.ship(world.image(), env=settings)
    world.merge("apps/orders")
    mine = world.commit({"src/more.c": "int"}, "More")
    world.commit({"other/x": "x"}, "Another's")
    source = world.ship(world.image(), env=settings)["source"]
    assert source["changes"] == [{"commit": mine, "subject": "More"}]
    link = f"[`{mine[:12]}`](https://example.org/acme/orders/commit/{mine})"
    assert f"1 commit since `0.1.0`:\n\n- {link} More\n\n" in bodies(world)[-1]


@pytest.mark.parametrize(
    ("variables", "by"),
    [
        ({}, None),
        (ACTIONS, {"actor": "octocat", "run": "https://github.com/acme/orders/actions/runs/77"}),
        (ACTIONS | {"GITHUB_TRIGGERING_ACTOR": "hubot"}, {"actor": "hubot", "run": "https://github.com/acme/orders/actions/runs/77"}),
        (ACTIONS | {"GITEA_ACTIONS": "true"}, {"actor": "octocat", "run": "https://github.com/acme/orders/actions/runs/5"}),
        (GITLAB, {"actor": "ada", "run": "https://gitlab.com/acme/orders/-/pipelines/9"}),
        (GITLAB | {"WAYBILL_ACTOR": "li", "WAYBILL_RUN": "https://li:hunter2@ci.example/1"}, {"actor": "li", "run": "https://ci.example/1"}),
    ],
    ids=["nowhere", "github", "run-again", "gitea", "gitlab", "any"],
)  # fmt: skip
def test_who_made_it_and_in_which_run(world: World, variables: dict[str, str], by: dict[str, str] | None) -> None:
    ran = world.waybill("bump", "--json", "--image", world.image(), env=variables)
    assert ran.json.get("by") == by


def test_the_body_lists_the_commits_since_the_release_that_each_environment_runs(world: World) -> None:
    world.ship(world.image())
    world.merge("apps/orders")
    world.waybill("promote", "--to", "production", "--version", "0.1.0")
    world.merge("promote/orders/production")
    commits = [world.commit({f"{number}.txt": "x"}, f"Number {number}: closes #7, @ada") for number in range(2)]
    world.ship(world.image())
    world.merge("apps/orders")
    commits.append(world.commit({"2.txt": "x"}, "Number 2"))
    world.ship(world.image())
    assert "\n1 commit since `0.1.1`:\n\n" in bodies(world)[-1]
    world.waybill("promote", "--to", "production", "--version", "0.1.2")
    body = bodies(world)[-1]
    assert "\n3 commits since `0.1.0`:\n\n" in body
    link = "https://example.org/acme/orders/commit"
    lines = [f"- [`{it[:12]}`]({link}/{it}) Number {number}" for number, it in enumerate(commits)]
    assert f"{lines[2]}, Ada\n{lines[1]}: closes `#7,` `@ada`, Ada\n{lines[0]}: closes `#7,` `@ada`, Ada\n" in body


def test_of_a_version_that_somebody_wrote_by_hand_only_the_ledger_may_know_the_commit(
    world: World, tmp_path: Path
) -> None:
    with serving(tmp_path / "ledger", "orders", ["staging"]) as ledger:
        world.ship(world.image(), env=ledger.env)
        world.merge("apps/orders")
        path = world.reviewed / "apps/orders/staging/release.yaml"
        path.write_text(path.read_text().replace('version: "0.1.0"', 'version: "0.0.9"'))
        git(world.reviewed, "commit", "--quiet", "-am", "By hand")
        git(world.reviewed, "push", "--quiet", "origin", "main")
        world.commit({"a.txt": "a"}, "One")
        world.ship(world.image())
        body = bodies(world)[-1]
        assert "Commits since `0.0.9`: not known.\n" in body
        assert "| commit | not known |" in body
        ledger.hears("staging", "0.1.0")
        world.commit({"b.txt": "b"}, "Two")
        world.ship(world.image(), env=ledger.env)
        assert "\n2 commits since `0.1.0`, which runs there:\n" in bodies(world)[-1]


def test_what_was_merged_and_does_not_run_is_still_to_come(world: World, tmp_path: Path) -> None:
    """Flux took 0.1.1 back, which the GitOps repo still has."""
    with serving(tmp_path / "ledger", "orders", ["staging"]) as ledger:
        for number, text in enumerate(("first", "second")):
            world.commit({"a.txt": text}, f"Number {number}")
            world.ship(world.image(text), env=ledger.env)
            world.merge("apps/orders")
        ledger.hears("staging", "0.1.0")
        world.commit({"a.txt": "third"}, "Number 2")
        world.ship(world.image("third"), env=ledger.env)
        body = bodies(world)[-1]
        assert "\n2 commits since `0.1.0`, which runs there:\n" in body
        assert "| version | `0.1.1` | `0.1.2` |" in body


def gitops(world: World, image: str, **more: Any) -> Any:
    return world.ship(image, **more)["gitops"]


def test_the_record_says_what_is_replaced_and_where_it_goes(world: World) -> None:
    first = gitops(world, world.image())
    assert first["places"] == [{"environment": "staging", "place": "apps/orders"}]
    assert "replaces" not in first
    second = gitops(world, world.image("two"))
    assert second["replaces"] == "0.1.0"
    assert gitops(world, world.image("two")) == second


@pytest.mark.parametrize("field", ["targetNamespace: elsewhere", "namePrefix: my-", "patches: []"])
def test_a_place_that_flux_may_move_is_not_known(world: World, field: str) -> None:
    world.ship(world.image())
    world.merge("apps/orders")
    path = world.reviewed / "clusters/staging/orders.yaml"
    path.write_text(path.read_text().replace("\nspec:\n", f"\nspec:\n  {field}\n"))
    git(world.reviewed, "commit", "--quiet", "-am", "Moved")
    git(world.reviewed, "push", "--quiet", "origin", "main")
    assert gitops(world, world.image("two"))["places"] == [{"environment": "staging", "place": None}]
