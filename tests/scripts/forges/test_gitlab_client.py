"""GitLab's own client for Go reads what the stand-in answers, and asks what Waybill asks."""

import json
import subprocess
from typing import Any

import pytest

from scripts.forges import Attributes
from scripts.forges.gitlab import GitLab
from tests.support.forge_stand_in import serving
from tests.support.gitlab_stand_in import GitLabStandIn, protected

from .conftest import TOKEN

PATH = "acme/platform/fleet.v2"


class Recording(GitLabStandIn):
    """Keeps each request as (method, path, query, body), however a client escapes what needs no escape."""

    def __init__(self) -> None:
        super().__init__(PATH)
        self.protected, self.branches = [protected("main", 0, 40, "user 7", force=False)], {"apps/orders": True}
        self.asks: list[tuple[Any, ...]] = []

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if not path.endswith("/version"):
            self.asks.append((method, path.replace("%2E", "."), query, body))
        return super().handle(method, path, query, body)


@pytest.fixture(scope="module")
def client() -> tuple[list[Any], Recording]:
    """What the client read, and the GitLab that it asked."""
    stand_in = Recording()
    with serving(stand_in) as address:
        ran = subprocess.run(["gitlab-client", address, PATH, TOKEN], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr, stand_in.problems) == (0, "", [])
    return [json.loads(line) for line in ran.stdout.splitlines()], stand_in


def test_the_client_reads_each_answer_of_the_stand_in(client: tuple[list[Any], Recording]) -> None:
    read, _ = client
    project, own, member, rules, no_more_rules, branch, made, opened, every, shown, updated, *rest = read
    users, members, no_more, given, note, asked, cancelled = rest
    assert project["path_with_namespace"] == PATH
    assert (project["archived"], project["can_create_merge_request_in"]) == (False, True)
    assert (project["merge_requests_access_level"], project["repository_access_level"]) == ("enabled", "enabled")
    assert (own["scopes"], own["user_id"]) == (["api"], 42)
    assert member["access_level"] == 30
    assert [(it["name"], it["allow_force_push"]) for it in rules] == [("main", False)]
    assert [(it["access_level"], it["user_id"]) for it in rules[0]["push_access_levels"]] == [(0, 0), (40, 0), (40, 7)]
    assert (no_more_rules, branch["name"], branch["can_push"]) == ([], "apps/orders", True)
    first = {
        "iid": 1,
        "title": "orders 1.0.0",
        "description": "The body.",
        "state": "opened",
        "source_branch": "apps/orders",
        "target_branch": "main",
        "source_project_id": project["id"],
        "target_project_id": project["id"],
        "sha": f"{1:040x}",
        "web_url": "https://forge.example/acme/fleet/pull/1",
        "draft": False,
        "merge_when_pipeline_succeeds": False,
        "detailed_merge_status": "not_approved",
    }
    for answer in (made, *opened, *every, shown):
        assert {key: answer[key] for key in first} == first
    assert (len(opened), len(every)) == (1, 1)
    assert (updated["title"], updated["description"]) == ("orders 1.1.0", "Another.")
    assert [(it["id"], it["username"]) for it in users] == [(51, "bob")]
    assert [(it["id"], it["state"]) for it in members] == [(52, "active"), (53, "active")]
    assert no_more == []
    assert given["labels"] == ["release", "urgent"]
    assert [it["id"] for it in given["reviewers"]] == [51, 52, 53]
    assert note["body"] == "Look."
    assert [it["merge_when_pipeline_succeeds"] for it in (asked, cancelled)] == [True, False]


def test_waybill_asks_what_the_client_asks(client: tuple[list[Any], Recording]) -> None:
    expected, stand_in = client[1].asks, Recording()
    with serving(stand_in) as address:
        forge = GitLab(f"{address}/{PATH}.git", TOKEN)
        forge.check(["apps/orders"])
        stand_in.protected = []
        forge.check(["apps/orders"])
        made = forge.create("apps/orders", "main", "orders 1.0.0", "The body.")
        assert forge.find("apps/orders", "main") == made
        forge.update(1, "orders 1.1.0", "Another.")
        forge.add(1, Attributes(labels=("release", "urgent"), reviewers=("bob", "acme/platform")))
        forge.comment(1, "Look.")
        forge.merge(1, made.head)
        forge.withdraw(1)
    mine, theirs = ([json.dumps(ask, sort_keys=True) for ask in asks] for asks in (stand_in.asks, expected))
    assert [ask for ask in mine if ask not in theirs] == []
    assert {ask[:2] for ask in stand_in.asks} == {ask[:2] for ask in expected}
