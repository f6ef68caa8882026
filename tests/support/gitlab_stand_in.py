"""A GitLab for the tests. GitLab's description of its API may not be copied here; what it sends and takes is held to
GitLab's own client for Go in tests/scripts/forges/test_gitlab_client.py."""

from typing import Any
from urllib.parse import quote, unquote

from tests.support.forge_stand_in import StandIn

PROJECT = 3
STATES = {"open": "opened", "closed": "closed"}
USER = {"id": 42, "username": "release-bot", "name": "Release Bot", "state": "active",
        "web_url": "https://forge.example/release-bot"}  # fmt: skip
QUERY = {"source_branch", "target_branch", "state", "order_by", "sort", "per_page", "page"}
CREATED = {"source_branch", "target_branch", "title", "description"}
UPDATED = {"title", "description", "state_event", "add_labels", "reviewer_ids"}
NUMBERS = {"bob": 51, "carol": 52, "dave": 53}
MERGED = {"sha", "auto_merge", "merge_when_pipeline_succeeds"}


class GitLabStandIn(StandIn):
    """Serves the project `path`, below the folder `below` of its host. `pulls` have the shape that StandIn keeps.
    `page` is how many requests it lists on a page, whatever is asked for."""

    def __init__(self, path: str = "acme/fleet", below: str = "") -> None:
        super().__init__("gitlab")
        self.path, self.below, self.page = path, below, 2
        self.repository = {
            "id": PROJECT,
            "path_with_namespace": path,
            "default_branch": "main",
            "archived": False,
            "marked_for_deletion_on": None,
            "repository_access_level": "enabled",
            "merge_requests_access_level": "enabled",
            "can_create_merge_request_in": True,
            "web_url": f"https://forge.example/{path}",
        }
        self.token: dict[str, Any] | None = {"id": 7, "name": "ci", "scopes": ["api"], "user_id": 42, "active": True}
        self.level: int | None = 30
        self.protected: list[dict[str, Any]] | None = []  # None: not told to this token
        self.branches: dict[str, bool] = {}  # those that are there, each with whether the token's owner may push
        self.most_reviewers = 100  # on the Free tier 1
        self.status = ""  # of detailed_merge_status, in place of what follows from `held_back`

    def see_push(self, number: int) -> None:
        """It merges by itself only what it was asked for."""
        self.asked.pop(number, None)

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        api = f"{self.below}/api/v4"
        if not path.startswith(f"{api}/"):
            return 404, "<html>no page</html>"
        path = path.removeprefix(api)
        if path == "/version":
            return 401, {"message": "401 Unauthorized"}
        if path == "/personal_access_tokens/self":
            return (200, self.token) if self.token else (401, {"message": "401 Unauthorized"})
        if path == "/users":
            name = query["username"]
            return 200, [person(name)] if name in self.people.users else []
        if path.startswith("/groups/"):
            found = [person("carol"), person("dave")] if query["page"] == "1" else []
            return (200, found) if path == "/groups/acme%2Fplatform/members" else (404, {"message": "404 Not found"})
        project = f"/projects/{quote(self.path, safe='')}"
        if path.replace("%2E", ".") != project and not path.replace("%2E", ".").startswith(f"{project}/"):
            return 404, {"message": "404 Project Not Found"}
        return self.of_project(method, path.replace("%2E", ".").removeprefix(project), query, body or {})

    def of_project(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        match method, path.strip("/").split("/"):
            case "GET", [""]:
                return 200, self.repository
            case "GET", ["members", "all", "42"]:
                found = {**USER, "access_level": self.level}
                return (200, found) if self.level is not None else (404, {"message": "404 Not found"})
            case "GET", ["protected_branches"]:
                page = int(query["page"])
                told = self.protected and self.protected[(page - 1) * self.page : page * self.page]
                return (403, {"message": "403 Forbidden"}) if told is None else (200, told)
            case "GET", ["repository", "branches", name]:
                found = {"name": unquote(name), "can_push": self.branches.get(unquote(name)), "protected": True}
                return (404, {"message": "404 Branch Not Found"}) if found["can_push"] is None else (200, found)
            case "GET", ["merge_requests"]:
                assert query.keys() <= QUERY
                return 200, [] if self.hidden else [self.shown(pull) for pull in self.listed(query)]
            case "POST", ["merge_requests"]:
                return self.create(body)
            case _, ["merge_requests", number, *rest] if int(number) <= len(self.pulls):
                return self.of_request(method, self.pulls[int(number) - 1], rest, body)
        return 404, {"error": "404 Not Found"}

    def of_request(self, method: str, pull: dict[str, Any], rest: list[str], body: dict[str, Any]) -> tuple[int, Any]:
        number = pull["number"]
        match method, rest:
            case "GET", []:
                return 200, self.shown(pull)
            case "PUT", []:
                assert body.keys() <= UPDATED
                pull.update(title=body.get("title", pull["title"]), body=body.get("description", pull["body"]))
                self.people.label(pull, [it for it in body.get("add_labels", "").split(",") if it], invents=True)
                if ids := body.get("reviewer_ids"):
                    names = {number: name for name, number in NUMBERS.items()}
                    self.people.asked[number] = [names[it] for it in ids[: self.most_reviewers]]
                return 200, self.shown(pull)
            case "POST", ["notes"]:
                assert body.keys() == {"body"}
                self.comments.append(body["body"])
                return 201, {"id": len(self.comments), "body": body["body"], "noteable_iid": number}
            case "PUT", ["merge"]:
                return self.merge_request(pull, body)
            case "POST", ["cancel_merge_when_pipeline_succeeds"]:
                if self.asked.pop(number, None) is None:
                    return 406, {"message": "406 Not Acceptable"}
                return 201, self.shown(pull)
        return 404, {"error": "404 Not Found"}

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        assert body.keys() <= CREATED
        branch, base = body["source_branch"], body["target_branch"]
        same = [it for it in self.pulls if (it["head"]["ref"], it["base"]["ref"]) == (branch, base)]
        if theirs := next((it for it in same if it["state"] == "open"), None):
            self.hidden = False
            said = f"Another open merge request already exists for this source branch: !{theirs['number']}"
            return 409, {"message": [said]}
        return 201, self.shown(self.open(branch, base, body["title"], body["description"]))

    def merge_request(self, pull: dict[str, Any], body: dict[str, Any]) -> tuple[int, Any]:
        assert body.keys() <= MERGED
        automatic = bool(body.get("auto_merge") and body.get("merge_when_pipeline_succeeds"))
        status = self.detailed(pull)
        if automatic == (status == "mergeable") or status in ("draft_status", "conflict"):
            return 405, {"message": "405 Method Not Allowed"}
        if body["sha"] != pull["head"]["sha"]:
            return 409, {"message": f"SHA does not match HEAD of source branch: {pull['head']['sha']}"}
        if automatic:
            self.asked[pull["number"]] = "merge"
        else:
            self.press_merge(pull["number"])
        return 200, self.shown(pull)

    def detailed(self, pull: dict[str, Any]) -> str:
        if pull["state"] != "open":
            return "not_open"
        return self.status or ("draft_status" if is_draft(pull) else "not_approved" if self.held_back else "mergeable")

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        found = [
            pull
            for pull in reversed(self.pulls)
            if (pull["head"]["ref"], pull["base"]["ref"]) == (query["source_branch"], query["target_branch"])
            and query["state"] in ("all", state(pull))
        ]
        page = int(query.get("page", 1))
        return found[(page - 1) * self.page : page * self.page]

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        """https://docs.gitlab.com/api/merge_requests/#get-single-mr"""
        return {
            "id": 1000 + pull["number"],
            "iid": pull["number"],
            "project_id": PROJECT,
            "title": pull["title"],
            "description": pull["body"],
            "state": state(pull),
            "created_at": "2026-01-02T03:04:05.678Z",
            "merged_at": pull["merged_at"],
            "source_branch": pull["head"]["ref"],
            "target_branch": pull["base"]["ref"],
            "source_project_id": pull["head"].get("repo_id", PROJECT),
            "target_project_id": PROJECT,
            "author": USER,
            "draft": is_draft(pull),
            "sha": pull["head"]["sha"],
            "labels": [label["name"] for label in pull["labels"]],
            "reviewers": [person(name) for name in self.people.asked.get(pull["number"], [])],
            "merge_when_pipeline_succeeds": pull["number"] in self.asked,
            "detailed_merge_status": self.detailed(pull),
            "web_url": pull["html_url"],
        }


def protected(name: str, *access: int | str, force: bool = True) -> dict[str, Any]:
    """A rule, by which all with these levels, or the user, group or deploy key that is called so, may push."""
    ids = {"user_id": None, "group_id": None, "deploy_key_id": None}
    levels = [
        {"id": 9, "access_level": 40, **ids, "access_level_description": str(it)}
        | ({"access_level": it} if isinstance(it, int) else {f"{it.split()[0]}_id": int(it.split()[1])})
        for it in access
    ]
    return {"id": 5, "name": name, "push_access_levels": levels, "merge_access_levels": [], "allow_force_push": force}


def state(pull: dict[str, Any]) -> str:
    return "merged" if pull["merged_at"] else STATES[pull["state"]]


def is_draft(pull: dict[str, Any]) -> bool:
    return str(pull["title"]).startswith("Draft: ")


def person(name: str) -> dict[str, Any]:
    return {**USER, "id": NUMBERS[name], "username": name, "name": name.title()}
