"""Pull requests on Gitea, whose API has GitHub's shape.

https://docs.gitea.com/api/: repoListPullRequests, repoGetPullRequestByBaseHead, repoMergePullRequest,
repoCancelScheduledAutoMerge, and what it has in common with GitHub.
"""

import time
from collections.abc import Iterator

from . import Proposal
from .github import GitHub, Pull


class Gitea(GitHub):
    @property
    def api(self) -> str:
        return f"{self.root}/api/v1"

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
