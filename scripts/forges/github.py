"""Pull requests on github.com and GitHub Enterprise Server, over REST.

https://docs.github.com/en/rest/pulls/pulls, https://docs.github.com/en/rest/issues/comments,
https://docs.github.com/en/rest/repos/repos#get-a-repository
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ..document import Page
from . import Attributes, Proposal
from .draft import unmarked
from .pull_attributes import PullLabel, add
from .rest import Rest


class Ref(Struct):
    """`label` and `repo_id` are Gitea's: the branch's name, which outlives the branch, and its repository's number."""

    ref: str
    sha: str = ""
    label: str = ""
    repo_id: int = 0


class Pull(Struct):
    """What is read of a pull request; Gitea answers in the same shape."""

    number: Annotated[int, Meta(gt=0)]
    html_url: Page
    state: Literal["open", "closed"]
    title: str
    body: str | None
    merged_at: str | None
    head: Ref
    base: Ref
    node_id: str = ""
    mergeable_state: str = ""
    auto_merge: dict[str, Any] | None = None
    draft: bool = False
    labels: list[PullLabel] = []

    @property
    def proposal(self) -> Proposal:
        state = "merged" if self.merged_at else self.state
        title = unmarked(self.title) if self.draft else self.title
        return Proposal(self.number, self.html_url, state, title, self.body or "", self.head.sha)


class Rights(Struct):
    """Of the token's owner in a repository."""

    push: bool


class RepoState(Struct):
    """What is read of a repository; a field that is left out says nothing. `mirror` and `default_merge_style`
    are Gitea's."""

    permissions: Rights | None = None
    archived: bool = False
    disabled: bool = False
    mirror: bool = False
    has_pull_requests: bool = True
    allow_auto_merge: bool | None = None
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    default_merge_style: str = "merge"

    @property
    def method(self) -> str:
        """The first way to merge that GitHub allows here."""
        return "merge" if self.allow_merge_commit else "squash" if self.allow_squash_merge else "rebase"


class Merged(Struct):
    merged: bool


class GraphError(Struct):
    message: str


class GraphAnswer(Struct):
    """https://spec.graphql.org/October2021/#sec-Response-Format: what has no errors has data."""

    data: dict[str, Any] | None = None
    errors: list[GraphError] = []


# https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
MUTATION = "mutation($input: {0}Input!) {{ {1}(input: $input) {{ clientMutationId }} }}"
ENABLE = MUTATION.format("EnablePullRequestAutoMerge", "enablePullRequestAutoMerge")
DISABLE = MUTATION.format("DisablePullRequestAutoMerge", "disablePullRequestAutoMerge")
APPS = "ghs_"  # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats


MOST = 100  # of a page
NOWHERE = "waybill-asks-whether-it-may-propose"  # no branch


class GitHub(Rest):
    history = "events"  # of an issue

    @property
    def api(self) -> str:
        return "https://api.github.com" if self.root == "https://github.com" else f"{self.root}/api/v3"

    def check(self, branches: Sequence[str] = ()) -> None:
        found = self.state()
        closed = {"archived": found.archived, "disabled": found.disabled, "a mirror": found.mirror}
        if state := next((name for name, so in closed.items() if so), None):
            raise self.stopped(f"is {state}, so nothing can be pushed to it", "Unlock it there, or correct `gitops`")
        if not found.has_pull_requests:
            raise self.stopped("has pull requests turned off", "Turn them on in its settings, or correct `gitops`")
        # The owner of an app's token is no user: such a token is told `false`, whatever it may do.
        if self.token and found.permissions and not found.permissions.push and not self.token.startswith(APPS):
            raise self.stopped(
                "lets the owner of WAYBILL_FORGE_TOKEN read, and not push",
                "Give WAYBILL_FORGE_TOKEN a token of somebody who may write there",
            )
        if self.token:
            # That would be a pull request of a branch into itself, which forges refuse, as long as the token may ask.
            fields = {"title": NOWHERE, "head": NOWHERE, "base": NOWHERE, "body": ""}
            self.call("POST", "/pulls", fields, refused=(404, 409, 422))

    def check_attributes(self, wanted: Attributes) -> None:
        for user in (name for name in wanted.reviewers if "/" not in name):
            # Who may not ask is told 403.
            if self.call("GET", f"/collaborators/{user}", refused=(403, 404)).status == 404:
                raise self.no_reviewer([user])

    def find(self, branch: str, base: str) -> Proposal | None:
        return next(iter(self.proposals(branch, base)), None)

    def proposals(self, branch: str, base: str) -> Iterable[Proposal]:
        query = {"head": f"{self.owner}:{branch}", "base": base, "state": "all", "sort": "created",
                 "direction": "desc", "per_page": str(MOST)}  # fmt: skip
        pulls = self.decode(self.call("GET", "/pulls", query=query), list[Pull])
        if len(pulls) == MOST and not any(pull.state == "open" for pull in pulls):
            # One that was opened again may be older than all of these.
            pulls = self.decode(self.call("GET", "/pulls", query=query | {"state": "open"}), list[Pull]) + pulls
        if other := next((pull for pull in pulls if (pull.head.ref, pull.base.ref) != (branch, base)), None):
            raise self.stopped(
                f"was asked for the pull requests of {branch} into {base}, and lists {other.html_url}, which is none",
                "Check that `gitops` in waybill.toml has the repository's present address",
            )
        return [pull.proposal for pull in sorted(pulls, key=lambda pull: pull.state != "open")]

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        fields = {"title": title, "head": branch, "base": base, "body": body} | ({"draft": True} if draft else {})
        # To open the same one again is refused and changes nothing.
        answer = self.call("POST", "/pulls", fields, refused=(409, 422))
        if answer.ok:
            return self.decode(answer, Pull).proposal
        # Refused, most often because another run has just opened it.
        found = self.find(branch, base)
        if found is None or found.state != "open":
            raise self.refusal(answer)
        return self.update(found.number, title, body)

    def update(self, number: int, title: str, body: str) -> Proposal:
        return self.decode(self.call("PATCH", f"/pulls/{number}", {"title": title, "body": body}), Pull).proposal

    def add(self, number: int, wanted: Attributes) -> None:
        add(self, number, wanted, self.pull(number).labels, self.history)

    def comment(self, number: int, text: str) -> None:
        self.call("POST", f"/issues/{number}/comments", {"body": text}, repeatable=False)

    def head_ref(self, number: int) -> str:
        return f"refs/pull/{number}/head"

    def check_merge(self) -> None:
        if self.state().allow_auto_merge is False:
            raise self.stopped(
                'does not let pull requests merge by themselves, as `merge = "auto"` wants',
                'Turn on "Allow auto-merge" in its settings, or set `merge = "review"` in waybill.toml',
            )

    def merge(self, number: int, head: str) -> None:
        pull = self.pull(number)
        if pull.auto_merge is not None:
            return
        method = self.state().method
        wanted = {"pullRequestId": pull.node_id, "expectedHeadOid": head, "mergeMethod": method.upper()}
        complaint = self.graph(ENABLE, wanted)
        if complaint is None:
            return
        # What no rule holds back cannot be asked for: it can be merged now.
        if self.pull(number).mergeable_state != "clean":
            raise self.stopped(f"does not merge pull request {number} by itself: {complaint}", "Correct what it names")
        answer = self.call("PUT", f"/pulls/{number}/merge", {"sha": head, "merge_method": method}, repeatable=False)
        if not self.decode(answer, Merged).merged:
            raise self.stopped(f"did not merge pull request {number}", "Merge it there")

    def withdraw(self, number: int) -> None:
        pull = self.pull(number)
        if pull.auto_merge is not None and (complaint := self.graph(DISABLE, {"pullRequestId": pull.node_id})):
            raise self.stopped(f"still merges pull request {number} by itself: {complaint}", "Turn that off there")

    def pull(self, number: int) -> Pull:
        return self.decode(self.call("GET", f"/pulls/{number}"), Pull)

    def state(self) -> RepoState:
        return self.decode(self.call("GET", ""), RepoState)

    def graph(self, query: str, wanted: dict[str, str]) -> str | None:
        """What GraphQL complains of; REST has no such request."""
        url = "https://api.github.com/graphql" if self.root == "https://github.com" else f"{self.root}/api/graphql"
        answer = self.call("POST", "", {"query": query, "variables": {"input": wanted}}, url=url)
        found = self.decode(answer, GraphAnswer)
        if not found.errors and not found.data:
            raise self.stopped("answered neither with data nor with errors", "Look at it there")
        return "; ".join(it.message for it in found.errors) or None


FORGE = GitHub
