"""A forge for the tests: remembers pull requests, has people who act on them, and lets nothing pass that the forge's
own description forbids.

Requests are checked against it; an answer is a sample of what it promises, with what a test looks at filled in.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema

from tests.support.forge_description import Description
from tests.support.forge_people import People
from tests.support.git_over_http import GitOverHttp, say

AUTO = "PullRequestAutoMerge"
AUTO_MERGE = {"merge_method": "merge", "commit_title": "t", "commit_message": "m"}


Reply = tuple[int, dict[str, str], bytes]


class StandIn:
    """`pulls` by number; `fail` makes every next answer that status, `replies` are given once each, before any answer;
    `requests` are those that came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.replies: list[Reply] = []
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[str] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.problems: list[str] = []
        # What it says of the repository and of the token's owner there.
        self.repository: dict[str, Any] = {
            "has_pull_requests": True,
            "permissions": {"admin": False, "push": True, "pull": True},
        }
        self.may_propose = True
        self.hidden = False  # from listing, as when another run opens one in between
        self.fail: tuple[int, bytes] | None = None
        self.held_back = True  # by a rule of its own: then it can be asked to merge, else only told to
        self.people = People()
        self.heads: Callable[[str], str | None] | None = None  # the commit that a branch has in the GitOps repo
        self.asked: dict[int, str] = {}  # the numbers that it merges by itself, each with the way

    def open(self, branch: str, base: str, title: str = "t", body: str = "b", state: str = "open") -> dict[str, Any]:
        number = len(self.pulls) + 1
        pull = {
            "number": number,
            "html_url": f"https://forge.example/acme/fleet/pull/{number}",
            "title": title,
            "body": body,
            "state": "open" if state == "open" else "closed",
            "merged_at": "2026-01-02T03:04:05Z" if state == "merged" else None,
            "head": {"ref": branch, "sha": f"{number:040x}", "label": f"acme:{branch}"},
            "base": {"ref": base},
            "labels": [],
        }
        self.pulls.append(pull)
        return pull

    # What people do

    def close(self, number: int) -> None:
        self.pulls[number - 1].update(state="closed")

    def reopen(self, number: int) -> None:
        self.pulls[number - 1].update(state="open")

    def press_merge(self, number: int) -> None:
        self.pulls[number - 1].update(state="closed", merged_at="2026-01-02T03:04:05Z")

    def delete_branch(self, branch: str) -> None:
        for pull in self.pulls:
            if self.name == "gitea" and pull["head"]["ref"] == branch:
                pull["head"].update(ref=f"refs/pull/{pull['number']}/head", label=branch)

    def follow(self) -> None:
        """Open pull requests have what their branches have."""
        for pull in self.pulls:
            head = self.heads(pull["head"]["ref"]) if self.heads and pull["state"] == "open" else None
            if head and pull["head"]["sha"] != head:
                pull["head"]["sha"] = head
                self.see_push(pull["number"])

    def see_push(self, number: int) -> None:
        """What was asked stays asked."""

    @cached_property
    def description(self) -> Description:
        return Description(self.name)

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/api/graphql":
            return 200, self.graph(body["query"], body["variables"]["input"])
        operation, where = self.description.operation(method, path)
        self.description.check(operation, query, body)
        assert (where.get("owner", "acme"), where.get("repo", "fleet")) == ("acme", "fleet")
        told = self.people.answer(operation["operationId"], where, query, body, self.pulls)
        status, filled = told or self.act(method, where, query, body)
        return status, self.description.answer(operation, status, filled) if status < 300 and filled else filled

    def act(self, method: str, where: dict[str, str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        if "head" in where:
            matching = [pull for pull in self.pulls if where["head"] in (pull["head"]["ref"], pull["head"]["label"])]
            return (200, self.shown(matching[0])) if matching and not self.hidden else (404, {"message": "Not Found"})
        if where.keys() == {"owner", "repo"} and not query and method == "GET":
            return 200, self.repository
        number = int(where.get("pull_number") or where.get("index") or 0)
        if method in ("PUT", "DELETE") or (body and "do" in body):
            return self.merge(method, number, body)
        if number and method == "GET":
            return 200, self.shown(self.pulls[number - 1]) | {
                "node_id": f"PR_{number}",
                "mergeable_state": "blocked" if self.held_back else "clean",
                "auto_merge": AUTO_MERGE if number in self.asked else None,
            }
        if method == "GET":
            return 200, [] if self.hidden else [self.shown(pull) for pull in self.listed(query)]
        if method == "PATCH":
            pull = self.pulls[int(where.get("pull_number") or where["index"]) - 1]
            pull.update(body)
            return (200 if self.name == "github" else 201), self.shown(pull)
        if "head" in body:
            if body["head"] == body["base"] or not self.may_propose:
                return (422 if self.may_propose else 403), {"message": "No pull request of that"}
            if any(pull["head"]["ref"] == body["head"] and pull["state"] == "open" for pull in self.pulls):
                self.hidden = False
                message = f"A pull request already exists for acme:{body['head']}."
                status = 422 if self.name == "github" else 409
                return status, {
                    "message": "Validation Failed",
                    "errors": [{"message": message}],
                }
            pull = self.open(body["head"], body["base"], body["title"], body["body"])
            pull |= {"draft": body.get("draft", False)} if self.name == "github" else {}
            return 201, self.shown(pull)
        self.comments.append(body["body"])
        return 201, {"body": body["body"]}

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        """Whether it is a draft GitHub has a field for, Gitea the title."""
        return {"draft": pull["title"].startswith("WIP: ")} | pull

    def merge(self, method: str, number: int, body: Any) -> tuple[int, Any]:
        """As GitHub merges at once, and as Gitea takes a wish and takes it back."""
        pull = self.pulls[number - 1]
        if method == "DELETE":
            return (204, None) if self.asked.pop(number, None) else (404, {"message": "none is scheduled"})
        head = body.get("sha") or body["head_commit_id"]
        if number in self.asked or head != pull["head"]["sha"]:
            return 409, {"message": "already scheduled, or the head moved"}
        if self.held_back:
            self.asked[number] = body["do"]
            return 201, None
        pull.update(state="closed", merged_at="2026-01-02T03:04:05Z")
        return 200, {"merged": True} if method == "PUT" else None

    def graph(self, query: str, wanted: dict[str, str]) -> Any:
        """The two mutations, with the fields that npm's `@octokit/graphql-schema` 15.26.1 has."""
        number = int(wanted["pullRequestId"].removeprefix("PR_"))
        if query == f"mutation($input: Disable{AUTO}Input!) {{ disable{AUTO}(input: $input) {{ clientMutationId }} }}":
            assert wanted.keys() == {"pullRequestId"}
            del self.asked[number]
            return {"data": {f"disable{AUTO}": {"clientMutationId": None}}}
        assert query == f"mutation($input: Enable{AUTO}Input!) {{ enable{AUTO}(input: $input) {{ clientMutationId }} }}"
        assert wanted.keys() == {"pullRequestId", "expectedHeadOid", "mergeMethod"}
        if not self.held_back:
            return {"data": None, "errors": [{"message": "Pull request is in clean status"}]}
        if wanted["expectedHeadOid"] != self.pulls[number - 1]["head"]["sha"]:
            return {"data": None, "errors": [{"message": "Head sha didn't match"}]}
        self.asked[number] = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}[wanted["mergeMethod"]]
        return {"data": {f"enable{AUTO}": {"clientMutationId": None}}}

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        newest = [pull for pull in reversed(self.pulls) if query["state"] in ("all", pull["state"])]
        if self.name == "github":
            owner, _, branch = query["head"].partition(":")
            assert owner == "acme"
            mine = [pull for pull in newest if (pull["head"]["ref"], pull["base"]["ref"]) == (branch, query["base"])]
            return mine[: int(query["per_page"])]
        page, limit = int(query["page"]), 2  # a small one, whatever was asked for, as servers may
        return [pull for pull in newest if pull["base"]["ref"] == query["base_branch"]][
            (page - 1) * limit : page * limit
        ]


def stand_in_of(forge: str) -> StandIn:
    """Forgejo's API is Gitea's."""
    from tests.support.gitlab_stand_in import GitLabStandIn

    return GitLabStandIn() if forge == "gitlab" else StandIn("gitea" if forge == "forgejo" else forge)


@contextmanager
def serving(forge: StandIn, git: GitOverHttp | None = None) -> Iterator[str]:
    """The forge's address, `http://127.0.0.1:PORT`; with `git` it serves that repository too."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            content = self.rfile.read(length)
            if git and parts.path.startswith(git.prefix):
                git.answer(self, content)
                return
            body = json.loads(content) if content else None
            forge.requests.append((self.command, self.path, dict(self.headers)))
            forge.follow()
            try:
                more: dict[str, str] = {}
                if forge.replies:
                    status, more, content = forge.replies.pop(0)
                elif forge.fail:
                    status, content = forge.fail
                else:
                    status, answer = forge.handle(self.command, parts.path, dict(parse_qsl(parts.query)), body)
                    content = json.dumps(answer).encode()
            except (AssertionError, jsonschema.ValidationError, KeyError) as error:
                forge.problems.append(f"{self.command} {self.path}: {error!r}")
                status, content = 500, b"{}"
            say(self, status, [*more.items()], content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
