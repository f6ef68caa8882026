"""Labels, people and teams of a stand-in's repository, and what is asked of them, as GitHub and Gitea have it."""

from dataclasses import dataclass, field
from typing import Any

Answered = tuple[int, Any]


@dataclass
class People:
    """`labels` are those that there are, `users` and `teams` may review. `asked` are who was asked for a pull request,
    in order, teams with a `/`; `reviewed` are no longer waited for."""

    labels: set[str] = field(default_factory=lambda: {"release", "urgent"})
    users: set[str] = field(default_factory=lambda: {"bob", "carol"})
    teams: set[str] = field(default_factory=lambda: {"platform"})
    of_owner: int = 404  # the status with which its labels are not told
    asked: dict[int, list[str]] = field(default_factory=dict)

    def answer(
        self, operation: str, where: dict[str, str], query: dict[str, str], body: Any, pulls: Any
    ) -> Answered | None:
        """None for an operation that is not about them."""
        number = int(where.get("index") or where.get("issue_number") or where.get("pull_number") or 0)
        first = query.get("page", "1") == "1"
        match operation:
            case "issues/add-labels" | "issueAddLabel":
                return 200, self.label(pulls[number - 1], body["labels"], invents=operation == "issues/add-labels")
            case "issues/list-events":
                return 200, [github_event(name) for name in self.asked.get(number, [])] if first else []
            case "issueGetCommentsAndTimeline":
                return 200, [gitea_event(name) for name in self.asked.get(number, [])] if first else None
            case "pulls/request-reviewers" | "repoCreatePullReviewRequests":
                return self.ask(number, body)
            case "repos/check-collaborator":
                return (204, None) if where["username"] in self.users else (404, {"message": "Not Found"})
            case "repoGetReviewers":
                return 200, [{"login": name} for name in sorted(self.users)]
            case "repoListTeams":
                return 200, [{"name": name.title(), "permission": "write"} for name in sorted(self.teams)]
            case "issueListLabels":
                return 200, [{"name": name} for name in sorted(self.labels)] if first else None
            case "orgListLabels":
                return self.of_owner, {"message": "no"}
            case "issueGetRepoComments":
                return 200, []
        return None

    def label(self, pull: dict[str, Any], names: list[str], *, invents: bool) -> list[dict[str, Any]]:
        self.labels |= {*names} if invents else set()
        have = [it["name"] for it in pull["labels"]]
        pull["labels"] += [shown(name) for name in names if name in self.labels and name not in have]
        return list(pull["labels"])

    def ask(self, number: int, body: dict[str, list[str]]) -> Answered:
        users, teams = body.get("reviewers", []), body.get("team_reviewers", [])
        if unknown := [*({*users} - self.users), *({it.lower() for it in teams} - self.teams)]:
            return 422, {"message": f"Reviews may only be requested from collaborators: {unknown}"}
        self.asked.setdefault(number, []).extend([*users, *(f"/{name}" for name in teams)])
        return 201, None


def shown(name: str) -> dict[str, Any]:
    url = "https://forge.example/labels/1"
    return {"id": 1, "node_id": "n", "url": url, "name": name, "description": "", "color": "00aabb", "default": False}


def github_event(name: str) -> dict[str, Any]:
    about = {"requested_team": {"name": "The Platform", "slug": name[1:]}} if name[0] == "/" else {}
    return {"event": "review_requested", **(about or {"requested_reviewer": {"login": name}})}


def gitea_event(name: str) -> dict[str, Any]:
    about = {"assignee_team": {"name": name[1:].title(), "permission": "write"}} if name[0] == "/" else {}
    return {"type": "review_request", **(about or {"assignee": {"login": name}})}
