"""Labels and reviewers of pull requests on GitHub and Gitea.

https://docs.github.com/en/rest/issues/labels, https://docs.github.com/en/rest/issues/events,
https://docs.github.com/en/rest/pulls/review-requests; Gitea: issueAddLabel, issueGetCommentsAndTimeline,
repoCreatePullReviewRequests
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from . import Attributes
from .rest import Rest


class PullLabel(Struct):
    """Gitea keeps one `exclusive` label of a scope, as `priority/high`."""

    name: str
    exclusive: bool = False


class Account(Struct):
    login: str


class ReviewTeam(Struct):
    """GitHub asks a team by its `slug`, Gitea by its `name`."""

    name: str
    slug: str = ""


class HistoryEvent(Struct):
    """`event` and what begins with `requested` is GitHub's, the rest Gitea's."""

    event: str = ""
    type: str = ""
    requested_reviewer: Account | None = None
    requested_team: ReviewTeam | None = None
    assignee: Account | None = None
    assignee_team: ReviewTeam | None = None

    @property
    def asked(self) -> set[str]:
        """The names by which this event asks for a review."""
        if self.event != "review_requested" and self.type != "review_request":
            return set()
        users = [it.login for it in (self.requested_reviewer, self.assignee) if it]
        teams = [f"/{name}" for it in (self.requested_team, self.assignee_team) if it for name in (it.name, it.slug)]
        return {name.lower() for name in (*users, *teams)}


def add(forge: Rest, number: int, wanted: Attributes, labels: Sequence[PullLabel], history: str) -> None:
    """`labels` are those that it has, `history` the last part of the path that lists its events."""
    scopes = {scope for label in labels if label.exclusive and (scope := label.name.rpartition("/")[0])}
    fitting = [name for name in wanted.labels if name.rpartition("/")[0] not in scopes]  # that of people stays
    if lacking := _without(fitting, {label.name.lower() for label in labels}):
        answer = forge.call("POST", f"/issues/{number}/labels", {"labels": lacking})
        # Gitea leaves out, in silence, what it has no label for.
        given = {label.name.lower() for label in forge.decode(answer, list[PullLabel])}
        if unknown := _without(lacking, given):
            raise forge.no_label(unknown)
    if not wanted.reviewers:
        return
    asked: set[str] = set()
    for event in forge.walk(f"/issues/{number}/{history}", {}, HistoryEvent):
        asked |= event.asked
    lacking = [name for name in wanted.reviewers if last(name).lower() not in asked]
    users, teams = ([name for name in lacking if ("/" in name) == team] for team in (False, True))
    named = {"reviewers": users} if users else {}
    named |= {"team_reviewers": [last(team).removeprefix("/") for team in teams]} if teams else {}
    if named:
        forge.call("POST", f"/pulls/{number}/requested_reviewers", named)


def last(reviewer: str) -> str:
    """The name of a user, or a team's with its `/`, without that of its organisation."""
    _, slash, name = reviewer.rpartition("/")
    return f"{slash}{name}"


def _without(names: Iterable[str], there: set[str]) -> list[str]:
    """Forges ignore the case of logins and labels."""
    return [name for name in names if name.lower() not in there]
