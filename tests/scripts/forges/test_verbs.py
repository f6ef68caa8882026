"""The four verbs, alike on each forge; GitHub and Gitea over HTTP, held to their published descriptions."""

from pathlib import Path
from typing import get_args

import pytest

from scripts.errors import Refused
from scripts.forges import Forge, forge_of, github
from scripts.forges.file import FileForge
from scripts.forges.gitea import Gitea
from scripts.forges.github import GitHub
from scripts.forges.gitlab import GitLab
from scripts.forges.rest import split_remote
from scripts.settings import ForgeName
from tests.support.forge_stand_in import StandIn, serving

from .conftest import TOKEN


def test_a_proposal_is_opened_found_updated_and_commented(forge: Forge, stand_in: StandIn) -> None:
    assert forge.find("apps/orders", "main") is None
    made = forge.create("apps/orders", "main", "orders 1.0.0", "The body.")
    assert (made.number, made.state, made.title, made.body) == (1, "open", "orders 1.0.0", "The body.")
    assert made.url == "https://forge.example/acme/fleet/pull/1"
    updated = forge.update(made.number, "orders 1.0.1", "Another.")
    assert (updated.number, updated.url, updated.title) == (1, made.url, "orders 1.0.1")
    forge.comment(made.number, "Look.")
    found = forge.find("apps/orders", "main")
    assert found is not None
    assert (found.title, found.body, found.head) == ("orders 1.0.1", "Another.", f"{1:040x}")
    assert stand_in.comments == ["Look."]
    assert {headers["Authorization"] for _, _, headers in stand_in.requests} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in path for _, path, _ in stand_in.requests)


def test_the_open_one_comes_before_later_ones_that_are_closed(forge: Forge, stand_in: StandIn) -> None:
    stand_in.open("apps/orders", "main", state="merged")
    mine = stand_in.open("apps/orders", "main")
    for state in ("closed", "merged"):
        stand_in.open("apps/orders", "main", state=state)
        stand_in.open("apps/other", "main")
    found = forge.find("apps/orders", "main")
    assert found is not None
    assert (found.number, found.state) == (mine["number"], "open")


@pytest.mark.parametrize("state", ["closed", "merged"])
@pytest.mark.parametrize("base", ["main", "release/next"])
def test_without_an_open_one_the_latest_tells_how_it_ended(
    forge: Forge, stand_in: StandIn, state: str, base: str
) -> None:
    stand_in.open("apps/orders", base, state="closed" if state == "merged" else "merged")
    mine = stand_in.open("apps/orders", base, state=state)
    stand_in.open("apps/orders", "elsewhere")
    for number in range(3):
        stand_in.open(f"apps/other-{number}", base, state="closed")
    found = forge.find("apps/orders", base)
    assert found is not None
    assert (found.number, found.state) == (mine["number"], state)


def gitea_with(*heads: dict[str, object]) -> StandIn:
    """Gitea with a closed pull request of `apps/orders` for each of `heads`, which say what is special of its head."""
    gitea = StandIn("gitea")
    for head in heads:
        pull = gitea.open("apps/orders", "main", state="closed")
        pull["head"].update({"repo_id": 1} | head)
        pull["base"].update(repo_id=1)
    return gitea


def test_a_closed_one_whose_branch_was_deleted_is_found() -> None:
    """Gitea keeps the branch's name in `label` alone."""
    gitea = gitea_with({"ref": "refs/pull/1/head", "label": "apps/orders"})
    with serving(gitea) as address:
        found = Gitea(f"{address}/acme/fleet.git", TOKEN).find("apps/orders", "main")
    assert gitea.problems == []
    assert found is not None
    assert (found.number, found.state) == (1, "closed")


def test_a_forks_branch_of_that_name_is_another() -> None:
    gitea = gitea_with({"repo_id": 2})
    gitea.pulls[0]["state"] = "open"
    with serving(gitea) as address:
        assert Gitea(f"{address}/acme/fleet.git", TOKEN).find("apps/orders", "main") is None
    assert gitea.problems == []


def test_one_that_was_opened_again_is_found_behind_a_whole_page_of_newer_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "MOST", 3)
    stand_in = StandIn("github")
    for _ in range(6):
        stand_in.open("apps/orders", "main", state="closed")
    stand_in.pulls[1]["state"] = "open"
    with serving(stand_in) as address:
        forge = GitHub(f"{address}/acme/fleet.git", TOKEN)
        assert [(it.number, it.state) for it in forge.proposals("apps/orders", "main")] == [
            (2, "open"),
            *((number, "closed") for number in (6, 5, 4)),
        ]
        found = forge.find("apps/orders", "main")
    assert stand_in.problems == []
    assert found is not None
    assert (found.number, found.state) == (2, "open")


def test_all_of_a_branch_are_listed_the_open_one_first(forge: Forge, stand_in: StandIn) -> None:
    for state in ("merged", "open", "closed", "merged"):
        stand_in.open("apps/orders", "main", state=state)
        stand_in.open("apps/other", "main")
    listed = [(it.number, it.state) for it in forge.proposals("apps/orders", "main")]
    assert [*dict.fromkeys(listed)] == [(3, "open"), (7, "merged"), (5, "closed"), (1, "merged")]


def test_where_another_run_was_faster_its_proposal_is_updated(forge: Forge, stand_in: StandIn) -> None:
    theirs = stand_in.open("apps/orders", "main")
    stand_in.hidden = True
    assert forge.find("apps/orders", "main") is None
    made = forge.create("apps/orders", "main", "mine", "body")
    assert (made.number, made.url, made.title) == (theirs["number"], theirs["html_url"], "mine")
    assert [pull["title"] for pull in stand_in.pulls] == ["mine"]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (301, "moved"),
        (401, "WAYBILL_FORGE_TOKEN"),
        (403, "may write pull requests"),
        (404, "may see this repository"),
        (422, "Correct what it names"),
        (500, "same command again"),
    ],
)
def test_a_no_is_refused_with_cause_and_remedy(forge: Forge, stand_in: StandIn, status: int, remedy: str) -> None:
    stand_in.fail = (status, b'{"message": "Because I say so"}')
    with pytest.raises(Refused) as error:
        forge.update(1, "t", "b")
    assert error.value.fault == "forge"
    assert remedy in error.value.remedy
    assert f"{status} Because I say so" in error.value.what
    assert TOKEN not in error.value.what + error.value.remedy


def test_a_limit_that_ends_soon_is_waited_for(forge: Forge, stand_in: StandIn) -> None:
    stand_in.open("apps/orders", "main")
    stand_in.replies += [(429, {"Retry-After": "0"}, b"{}"), (503, {"Retry-After": "0"}, b"{}")]
    found = forge.find("apps/orders", "main")
    assert found is not None
    assert stand_in.replies == []


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "900"}, "in 900 s"),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "1800000900"}, "in 900 s"),
        ({"X-RateLimit-Reset": "1799999999"}, "in 1 s"),
        ({}, "in an hour"),
        ({"Retry-After": "9" * 5000, "RateLimit-Reset": "9" * 5000}, "in an hour"),
        ({"Retry-After": "soon", "RateLimit-Reset": "never"}, "in an hour"),
    ],
)
def test_a_longer_limit_is_told(
    forge: Forge, stand_in: StandIn, headers: dict[str, str], wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.forges.rest.time.time", lambda: 1_800_000_000)
    forge.find("apps/orders", "main")
    stand_in.replies.append((429, headers, b'{"message": "Slow down"}'))
    with pytest.raises(Refused, match="429 Slow down") as error:
        forge.comment(1, "Look.")
    assert error.value.remedy == f"It limits requests: run the same command again {wait}."


def test_the_commits_of_a_branch_that_is_gone_are_where_the_forge_keeps_them(forge: Forge, stand_in: StandIn) -> None:
    kept = "refs/merge-requests/7/head" if stand_in.name == "gitlab" else "refs/pull/7/head"
    assert forge.head_ref(7) == kept


def test_garbage_is_no_answer(forge: Forge, stand_in: StandIn) -> None:
    stand_in.fail = (200, b"<html>Welcome</html>")
    with pytest.raises(Refused, match="no forge of this kind") as error:
        forge.find("apps/orders", "main")
    assert error.value.fault == "forge"


@pytest.mark.parametrize(
    "wrong", [{"html_url": "javascript:alert(1)"}, {"html_url": f"https://x/{'x' * 500}"}, {"number": 0}]
)
def test_a_proposal_without_an_address_or_a_number_is_no_answer(
    forge: Forge, stand_in: StandIn, wrong: dict[str, object]
) -> None:
    stand_in.open("apps/orders", "main").update(wrong)
    with pytest.raises(Refused, match="no forge of this kind"):
        forge.find("apps/orders", "main")


def test_a_forge_that_is_down_is_refused() -> None:
    with serving(StandIn("github")) as address:
        pass
    with pytest.raises(Refused, match="does not answer") as error:
        GitHub(f"{address}/acme/fleet", TOKEN).find("apps/orders", "main")
    assert error.value.fault == "forge"


def test_a_token_never_travels_in_clear_text() -> None:
    with pytest.raises(Refused, match="sent unencrypted"):
        Gitea("http://git.example/acme/fleet", TOKEN).find("apps/orders", "main")


@pytest.mark.parametrize(
    ("remote", "parts"),
    [
        ("https://github.com/acme/fleet.git", ("https://github.com", "acme", "fleet")),
        ("https://someone:secret@GitHub.com/acme/fleet/", ("https://github.com", "acme", "fleet")),
        ("git@github.com:acme/fleet.git", ("https://github.com", "acme", "fleet")),
        ("ssh://git@git.example:2222/acme/fleet", ("https://git.example", "acme", "fleet")),
        ("http://127.0.0.1:3000/acme/fleet.git", ("http://127.0.0.1:3000", "acme", "fleet")),
        ("https://example.org/gitea/acme/fleet", ("https://example.org/gitea", "acme", "fleet")),
    ],
)
def test_every_form_of_a_remote_names_the_same_repository(remote: str, parts: tuple[str, str, str]) -> None:
    assert split_remote(remote) == parts


@pytest.mark.parametrize("remote", ["https://github.com/fleet", "/srv/fleet.git", "https://"])
def test_what_is_no_repository_of_a_forge_is_refused(remote: str) -> None:
    with pytest.raises(Refused, match="does not name a repository"):
        split_remote(remote)


def test_the_api_lies_where_each_forge_has_it() -> None:
    assert GitHub("git@github.com:acme/fleet", None).api == "https://api.github.com"
    assert GitHub("https://github.example/acme/fleet", None).api == "https://github.example/api/v3"
    assert Gitea("https://example.org/gitea/acme/fleet", None).api == "https://example.org/gitea/api/v1"


def test_the_forge_is_chosen_by_name(tmp_path: Path) -> None:
    assert isinstance(forge_of("https://github.com/a/b", "github", None), GitHub)
    for name in ("gitea", "forgejo"):
        assert isinstance(forge_of("https://git.example/a/b", name, None), Gitea)
    assert isinstance(forge_of("https://git.example/a/b", "gitlab", None), GitLab)
    assert isinstance(forge_of(str(tmp_path), "file", None), FileForge)
    with pytest.raises(Refused, match="does not show which forge"):
        forge_of("https://git.example/a/b", None, None)
    with pytest.raises(Refused, match='forge = "file" is for a path on'):
        forge_of("https://example.org/fleet", "file", None)
    with pytest.raises(Refused, match="No GitOps repo"):
        forge_of(None, None, None)


@pytest.mark.parametrize("name", get_args(ForgeName))
def test_every_name_of_a_forge_is_a_file_with_all_verbs(name: str) -> None:
    verbs = {verb for verb in vars(Forge) if not verb.startswith("_")}
    made = forge_of("/srv/fleet.git" if name == "file" else "https://git.example/a/b", name, None)
    assert verbs <= {*dir(made)}


def test_the_file_forge_keeps_proposals_beside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    forge = FileForge((tmp_path / "work").as_uri())
    made = forge.create("apps/orders", "main", "one", "body")
    assert Path(made.url.removeprefix("file://")) == tmp_path / "work" / ".git" / "waybill-proposals" / "1.json"
    again = forge.create("apps/orders", "main", "two", "body")
    assert (again.number, again.url, again.title) == (1, made.url, "two")
    forge.comment(1, "Look.")
    found = forge.find("apps/orders", "main")
    assert found is not None
    assert (found.state, found.title) == ("open", "two")
    assert forge.find("apps/orders", "other") is None
    (tmp_path / "work" / ".git" / "waybill-proposals" / "1.json").write_text("{}")
    with pytest.raises(Refused, match="is no proposal"):
        forge.find("apps/orders", "main")


def test_a_list_of_others_pull_requests_is_refused() -> None:
    """As of a forge that does not know the filter, or an owner's name that is an older one."""
    github = StandIn("github")
    github.listed = lambda query: [github.open("apps/other", "main")]  # type: ignore[method-assign]
    with serving(github) as address, pytest.raises(Refused, match="of apps/orders into main, and lists") as refused:
        GitHub(f"{address}/acme/fleet", "t").find("apps/orders", "main")
    assert "present address" in refused.value.remedy


def test_a_list_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.forges.rest.LIST", -1)
    gitea = StandIn("gitea")
    for number in range(9):
        gitea.open(f"apps/other-{number}", "release/next")
    with serving(gitea) as address, pytest.raises(Refused, match="goes on after 1 pages"):
        Gitea(f"{address}/acme/fleet", "t").find("apps/orders", "release/next")
