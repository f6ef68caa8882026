"""Pull requests on github.com and GitHub Enterprise Server, over REST.

https://docs.github.com/en/rest/pulls/pulls, https://docs.github.com/en/rest/issues/comments
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..document import Page
from . import Proposal
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

    @property
    def proposal(self) -> Proposal:
        state = "merged" if self.merged_at else self.state
        return Proposal(self.number, self.html_url, state, self.title, self.body or "", self.head.sha)


class GitHub(Rest):
    @property
    def api(self) -> str:
        return "https://api.github.com" if self.root == "https://github.com" else f"{self.root}/api/v3"

    def find(self, branch: str, base: str) -> Proposal | None:
        query = {"head": f"{self.owner}:{branch}", "base": base, "state": "all", "sort": "created",
                 "direction": "desc", "per_page": "100"}  # fmt: skip
        pulls = self.decode(self.call("GET", "/pulls", query=query), list[Pull])
        found = next((pull for pull in pulls if pull.state == "open"), next(iter(pulls), None))
        return found.proposal if found else None

    def create(self, branch: str, base: str, title: str, body: str) -> Proposal:
        fields = {"title": title, "head": branch, "base": base, "body": body}
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

    def comment(self, number: int, text: str) -> None:
        self.call("POST", f"/issues/{number}/comments", {"body": text}, repeatable=False)
