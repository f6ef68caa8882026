"""Merge requests on gitlab.com and self-managed GitLab 15.6 or newer, over REST.

https://docs.gitlab.com/api/merge_requests/, https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/projects/
"""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from ..clients.http import Answer, Client, within
from ..document import Page
from ..errors import Refused
from . import Attributes, Proposal
from .draft import unmarked
from .gitlab_people import Person, people
from .gitlab_rights import refuse_rights
from .rest import PATIENCE, PEER, Rest

STATES: dict[str, Literal["open", "closed", "merged"]] = {"closed": "closed", "merged": "merged"}
DRAFT = "Draft: "
# Of detailed_merge_status: it still looks whether a merge request can be merged.
LOOKING = {"unchecked", "checking", "preparing", "approvals_syncing"}
# https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request. What was pushed it may see a moment later.
NOT_MERGED = {
    401: "the owner of WAYBILL_FORGE_TOKEN may merge nothing into that branch",
    409: "its branch has another commit by now",
}


class MergeRequest(Struct):
    """`iid` is the number that people see. A merge request from a fork has another project as its source."""

    iid: Annotated[int, Meta(gt=0)]
    web_url: Page
    state: Literal["opened", "closed", "locked", "merged"]
    title: str
    description: str | None
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    sha: str | None
    draft: bool = False
    merge_when_pipeline_succeeds: bool = False
    detailed_merge_status: str = ""
    labels: list[str] = []
    reviewers: list[Person] = []

    @property
    def proposal(self) -> Proposal:
        title = unmarked(self.title) if self.draft else self.title
        state = STATES.get(self.state, "open")
        return Proposal(self.iid, self.web_url, state, title, self.description or "", self.sha or "")


class GitLab(Rest):
    @cached_property
    def api(self) -> str:
        return f"{self._located[0]}/api/v4"

    @cached_property
    def place(self) -> str:
        return f"{self.api}/projects/{quote(self._located[1], safe='')}"

    @cached_property
    def _located(self) -> tuple[str, str]:
        """Root of the forge, and path of the project in it. Of a path with more than two parts the first ones may be
        subgroups, or where a self-managed GitLab lies on its host: its API then tells, which is asked without token."""
        scheme, _, address = self.address.partition("://")
        host, *folders = address.split("/")
        roots = ["/".join([f"{scheme}://{host}", *folders[:depth]]) for depth in range(len(folders) - 1)]
        found = roots[0] if len(roots) == 1 or host == "gitlab.com" else next(filter(self._answers, roots), None)
        if found is None:
            raise Refused(
                f"No GitLab answers at {scheme}://{host}, nor below it on the way to {self.address}.",
                "Check that `gitops` and `forge` in waybill.toml belong together.",
                fault="forge",
            )
        self.root = found
        return found, self.address.removeprefix(f"{found}/")

    def _answers(self, root: str) -> bool:
        """Whether a GitLab's API lies below `root`, which tells nobody unknown its version, and says so in JSON."""

        def send(client: Client) -> Answer:
            return client.send("GET", f"{root}/api/v4/version", headers={"Accept": "application/json"})

        answer = within(PEER, root, PATIENCE, send)
        if answer.is_temporary:
            raise self.refusal(answer)
        try:
            return answer.status in (200, 401) and bool(answer.decode(dict[str, Any]))
        except ValueError:
            return False

    def check(self, branches: Sequence[str] = ()) -> None:
        refuse_rights(self, branches)

    def find(self, branch: str, base: str) -> Proposal | None:
        return next(self.proposals(branch, base), None)

    def proposals(self, branch: str, base: str) -> Iterator[Proposal]:
        for state in ("opened", "all"):
            query = {"source_branch": branch, "target_branch": base, "state": state, "order_by": "created_at",
                     "sort": "desc", "per_page": "100"}  # fmt: skip
            for found in self.walk("/merge_requests", query, MergeRequest):
                same = found.source_project_id == found.target_project_id
                if same and (found.source_branch, found.target_branch) == (branch, base):
                    yield found.proposal

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        whole = f"{DRAFT}{title}" if draft else title
        fields = {"source_branch": branch, "target_branch": base, "title": whole, "description": body}
        # A second one of the same branches is refused, and changes nothing.
        answer = self.call("POST", "/merge_requests", fields, refused=(409, 422))
        if answer.ok:
            return self.decode(answer, MergeRequest).proposal
        found = self.find(branch, base)
        if found is None or found.state != "open":
            raise self.refusal(answer)
        return self.update(found.number, title, body)

    def update(self, number: int, title: str, body: str) -> Proposal:
        mark = DRAFT if self.request(number).draft else ""
        return self._put(number, {"title": f"{mark}{title}", "description": body}).proposal

    def check_attributes(self, wanted: Attributes) -> None:
        people(self, wanted)

    def add(self, number: int, wanted: Attributes) -> None:
        found = self.request(number)
        fields: dict[str, Any] = {}
        # It keeps one label of a scope, as `priority::high`: that of people stays.
        scopes = {scope for name in found.labels if (scope := name.rpartition("::")[0])}
        fitting = [name for name in wanted.labels if name.rpartition("::")[0] not in scopes]
        if lacking := [name for name in fitting if name not in found.labels]:
            fields["add_labels"] = ",".join(lacking)
        # It does not tell whom it asked before; who reviewed stays a reviewer.
        if wanted.reviewers and not found.reviewers:
            fields["reviewer_ids"] = people(self, wanted)
        if not fields:
            return
        given = self._put(number, fields)
        if len(given.reviewers) < len(fields.get("reviewer_ids", [])):
            raise self.stopped(
                f"took {len(given.reviewers)} of {len(fields['reviewer_ids'])} reviewers",
                "Name in `reviewers` of waybill.toml those who may see the project, and for GitLab Free one alone",
            )

    def comment(self, number: int, text: str) -> None:
        self.call("POST", f"/merge_requests/{number}/notes", {"body": text}, repeatable=False)

    def head_ref(self, number: int) -> str:
        return f"refs/merge-requests/{number}/head"

    def check_merge(self) -> None:
        """It always can; who may is known of a merge request alone."""

    def merge(self, number: int, head: str) -> None:
        why = ""
        for wait in (0, 1, 2, 4):
            time.sleep(wait)
            found = self.request(number)
            if found.state == "merged" or (found.merge_when_pipeline_succeeds and found.sha == head):
                return
            why = f"its status is {found.detailed_merge_status or 'not told'}"
            if found.detailed_merge_status in LOOKING:
                continue
            fields: dict[str, Any] = {"sha": head}
            if found.detailed_merge_status != "mergeable":
                # It is `auto_merge` since 17.11; each version ignores what it does not know.
                fields |= {"auto_merge": True, "merge_when_pipeline_succeeds": True}
            place, refused = f"/merge_requests/{number}/merge", (*NOT_MERGED, 405, 406, 422)
            answer = self.call("PUT", place, fields, refused=refused, repeatable=False)
            if answer.ok:
                return
            # 405: its pipeline, for which it could wait, may not be there yet.
            why = NOT_MERGED.get(answer.status, why)
        raise self.stopped(f"does not merge merge request {number} by itself: {why}", "Correct that there")

    def withdraw(self, number: int) -> None:
        if self.request(number).merge_when_pipeline_succeeds:
            # 405 and 406: by now it is merged, or nothing is asked for.
            cancel = f"/merge_requests/{number}/cancel_merge_when_pipeline_succeeds"
            answer = self.call("POST", cancel, refused=(401, 405, 406))
            if answer.status == 401 or self.request(number).merge_when_pipeline_succeeds:
                raise self.stopped(f"still merges merge request {number} by itself", "Cancel its auto-merge there")

    def request(self, number: int) -> MergeRequest:
        return self.decode(self.call("GET", f"/merge_requests/{number}"), MergeRequest)

    def _put(self, number: int, fields: dict[str, Any]) -> MergeRequest:
        return self.decode(self.call("PUT", f"/merge_requests/{number}", fields), MergeRequest)


FORGE = GitLab
