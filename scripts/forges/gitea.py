"""Pull requests on Gitea, whose API has GitHub's shape.

https://docs.gitea.com/api/: repoListPullRequests, repoGetPullRequestByBaseHead, repoMergePullRequest,
repoCancelScheduledAutoMerge, repoGetReviewers, repoListTeams, and what it has in common with GitHub.
"""

import time
from collections.abc import Iterator, Sequence

from . import Attributes, Proposal
from .draft import unmarked
from .github import GitHub, Pull
from .pull_attributes import Account, PullLabel, ReviewTeam, last

DRAFT = "WIP: "


class Gitea(GitHub):
    history = "timeline"

    @property
    def api(self) -> str:
        return f"{self.root}/api/v1"

    def check(self, branches: Sequence[str] = ()) -> None:
        super().check(branches)
        if self.token:  # whose scope for repositories alone lets nobody comment
            self.call("GET", "/issues/comments", query={"limit": "1"})

    def check_attributes(self, wanted: Attributes) -> None:
        if unknown := self._unknown_labels(wanted.labels):
            raise self.no_label(unknown)
        if wanted.reviewers:
            people = {it.login.lower() for it in self.decode(self.call("GET", "/reviewers"), list[Account])}
            people |= {f"/{it.name.lower()}" for it in self._teams()}
            if unknown := [name for name in wanted.reviewers if last(name).lower() not in people]:
                raise self.no_reviewer(unknown)

    def _unknown_labels(self, names: Sequence[str]) -> list[str]:
        """Those that neither the repository has nor its owner, whose labels not every token may see."""
        if not names:
            return []
        there = {it.name for it in self.walk("/labels", {}, PullLabel)}
        unknown, of_owner = [name for name in names if name not in there], f"{self.api}/orgs/{self.owner}/labels"
        if not unknown or self.call("GET", "", url=of_owner, refused=(403, 404)).status == 403:
            return []
        there = {it.name for it in self.walk("", {}, PullLabel, url=of_owner, absent=(404,))}
        return [name for name in unknown if name not in there]

    def _teams(self) -> list[ReviewTeam]:
        answer = self.call("GET", "/teams", refused=(404, 405))  # those of a user's repository
        return self.decode(answer, list[ReviewTeam]) if answer.ok else []

    def proposals(self, branch: str, base: str) -> Iterator[Proposal]:
        """Gitea cannot list by head branch, so the pages are walked, newest first. A first request finds out whether
        there is any (where there are several, it may answer with an old one; a base with a slash has no such route)."""
        if "/" not in base:
            any_state = self.call("GET", f"/pulls/{base}/{branch}", refused=(404,))
            if any_state.status == 404:
                return
            pull = self.decode(any_state, Pull)
            if pull.state == "open" and is_of(pull, branch, base):
                yield pull.proposal
        for state in ("open", "closed"):
            query = {"state": state, "base_branch": base, "limit": "50"}
            pulls = self.walk("/pulls", query, Pull)
            yield from (pull.proposal for pull in pulls if is_of(pull, branch, base))

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        return super().create(branch, base, f"{DRAFT}{title}" if draft else title, body)

    def update(self, number: int, title: str, body: str) -> Proposal:
        mark = DRAFT if self.pull(number).draft else ""
        return super().update(number, f"{mark}{unmarked(title)}", body)

    def check_merge(self) -> None:
        """It always can."""

    def merge(self, number: int, head: str) -> None:
        style = self.state().default_merge_style
        fields = {"do": style, "head_commit_id": head, "merge_when_checks_succeed": True}
        for wait in (0, 1, 2, 4):
            time.sleep(wait)
            answer = self.call("POST", f"/pulls/{number}/merge", fields, refused=(405, 409))
            if answer.ok:
                return
            if answer.status == 409:
                self.withdraw(number)  # it was asked before, for what the branch had
            # 405 also means that it has not yet looked whether a new one can be merged.
        raise self.refusal(answer)

    def withdraw(self, number: int) -> None:
        self.call("DELETE", f"/pulls/{number}/merge", refused=(404,))


def is_of(pull: Pull, branch: str, base: str) -> bool:
    """Whether `pull` is of this repository's `branch`, not of one of that name in a fork.

    When a branch is deleted, `ref` becomes `refs/pull/<number>/head` and `label` keeps the name.
    """
    same = pull.head.repo_id == pull.base.repo_id
    return same and branch in (pull.head.ref, pull.head.label) and pull.base.ref == base


FORGE = Gitea
