"""What GitLab tells of a project, a token and its protected branches is refused before anything is pushed."""

from collections.abc import Callable
from typing import Any

import pytest

from scripts.errors import Refused
from scripts.forges.gitlab import GitLab
from tests.support.forge_stand_in import serving
from tests.support.forge_world import ForgeWorld, on_gitlab
from tests.support.gitlab_stand_in import GitLabStandIn, protected
from tests.support.scripts.everything import everything

from .conftest import TOKEN


def gitlab(change: Callable[[GitLabStandIn], object] = lambda _: None) -> tuple[GitLabStandIn, Any]:
    stand_in = GitLabStandIn()
    change(stand_in)
    return stand_in, serving(stand_in)


Case = tuple[Callable[[GitLabStandIn], object], str, str]
RIGHTS: dict[str, Case] = {
    "archived": (lambda it: it.repository.update(archived=True), "is archived", "Unarchive it"),
    "to be deleted": (
        lambda it: it.repository.update(marked_for_deletion_on="2026-01-02"),
        "is about to be deleted",
        "Restore it",
    ),
    "no merge requests": (
        lambda it: it.repository.update(merge_requests_access_level="disabled"),
        "merge requests turned off",
        "Turn them on",
    ),
    "a token that reads": (
        lambda it: it.token.update(scopes=["read_api", "write_repository", "self_rotate"]),  # type: ignore[union-attr]
        "with the scopes read_api, write_repository, self_rotate",
        "the scope api",
    ),
    "a reporter": (lambda it: setattr(it, "level", 20), "read, and not push", "the role Developer"),
    "may open none": (
        lambda it: it.repository.update(can_create_merge_request_in=False),
        "read, and not push",
        "the role Developer",
    ),
    "a branch for maintainers": (
        lambda it: it.protected.append(protected("apps/orders", 40)),  # type: ignore[union-attr]
        "protects apps/orders as apps/orders, and lets the owner of WAYBILL_FORGE_TOKEN not push to it",
        "Protected branches",
    ),
    "every branch for nobody": (
        lambda it: it.protected.extend([protected("main", 0), protected("v1.*", 30), protected("*", 0)]),  # type: ignore[union-attr]
        "protects apps/orders as *,",
        "Allow it there",
    ),
    "branches for somebody else": (
        lambda it: it.protected.append(protected("apps/*", "user 43", "deploy_key 42")),  # type: ignore[union-attr]
        "not push to it",
        "Allow it there",
    ),
    "no force push": (
        lambda it: it.protected.append(protected("*/orders", 30, force=False)),  # type: ignore[union-attr]
        "protects apps/orders as */orders, and allows no force push",
        "Allow it there",
    ),
    "a branch that is protected, as its own page says": (
        lambda it: (setattr(it, "protected", None), it.branches.update({"apps/orders": False})),
        "protects apps/orders, and lets the owner of WAYBILL_FORGE_TOKEN not push",
        "Allow it there",
    ),
    "not to be seen": (lambda it: setattr(it, "path", "acme/other"), "404 Project Not Found", "may see this"),
    "renamed": (
        lambda it: it.replies.append((301, {"Location": "/api/v4/projects/3"}, b'{"message": "301 Moved"}')),
        "301",
        "The repository moved",
    ),
    "one scope too few": (
        lambda it: it.replies.append((403, {}, b'{"error": "insufficient_scope", "error_description": "Needs api"}')),
        "403 Needs api",
        "may write pull requests",
    ),
}


@pytest.mark.parametrize("case", RIGHTS)
def test_what_would_stop_a_release_is_told_before_anything_is_pushed(case: str) -> None:
    change, what, remedy = RIGHTS[case]
    stand_in, served = gitlab(change)
    with served as address, pytest.raises(Refused) as error:
        GitLab(f"{address}/acme/fleet", TOKEN).check(["apps/orders"])
    assert what in error.value.what
    assert remedy in error.value.remedy
    assert {method for method, _, _ in stand_in.requests} == {"GET"}
    assert TOKEN not in str(error.value)


@pytest.mark.long
@on_gitlab
def test_a_protected_branch_is_told_before_anything_is_out(hosted: ForgeWorld) -> None:
    world, image = hosted.world, hosted.world.image()
    hosted.api.protected = [protected("apps/*", 40)]  # type: ignore[attr-defined]
    before = everything(world)
    for command in ("plan", "ship"):
        ran = world.waybill(command, "--image", image, env=hosted.env)
        assert (ran.code, ran.stdout) == (1, "")
        assert "protects apps/orders as apps/*, and lets the owner of WAYBILL_FORGE_TOKEN not push to it" in ran.stderr
    hosted.api.protected = [protected("promote/*/eu", 40)]  # type: ignore[attr-defined]
    assert "protects promote/orders/production" not in world.waybill("plan", "--image", image, env=hosted.env).stderr
    hosted.api.protected = [protected("promote/*", 40)]  # type: ignore[attr-defined]
    ran = world.waybill("promote", "--to", "production", "--version", "0.1.0", env=hosted.env)
    assert ran.code == 1
    assert "protects promote/orders/production as promote/*" in ran.stderr
    assert everything(world) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda it: None,
        lambda it: setattr(it, "token", None),  # one of OAuth
        lambda it: setattr(it, "level", None),  # an administrator, who is no member
        lambda it: it.token.update(scopes=["granular"]),
        lambda it: it.repository.clear(),
        lambda it: it.protected.extend([protected("app", 0), protected("apps/order", 0), protected("pps/*", 0)]),
        lambda it: it.protected.extend([protected("*", 0), protected("apps/*", 30, force=False)]),  # the milder of both
        lambda it: it.protected.append(protected("*", 40, "group 5")),
        lambda it: it.protected.append(protected("*", 40, "user 42")),
        lambda it: (setattr(it, "level", None), it.protected.append(protected("*", 40))),
        lambda it: (setattr(it, "protected", None), it.branches.update({"apps/orders": True})),
        lambda it: setattr(it, "protected", None),
    ],
)
def test_what_gitlab_does_not_tell_is_not_claimed(change: Callable[[GitLabStandIn], object]) -> None:
    _, served = gitlab(change)
    with served as address:
        GitLab(f"{address}/acme/fleet", TOKEN).check(["apps/orders"])
        GitLab(f"{address}/acme/fleet", None).check(["apps/orders"])


@pytest.mark.parametrize("token", ["glcbt-64_abc", "gldt-abc", "glptt-abc", "an-older-one"])
def test_a_token_that_the_api_never_takes_is_refused_at_once(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB_TOKEN", "an-older-one")
    stand_in, served = gitlab()
    with served as address, pytest.raises(Refused, match="lets nobody open merge requests") as error:
        GitLab(f"{address}/acme/fleet", token).check()
    assert error.value.fault == "you"
    assert "project access token with the role Developer and the scope api" in error.value.remedy
    assert stand_in.requests == []
