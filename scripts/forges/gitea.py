"""Pull requests on Gitea, whose API has GitHub's shape.

https://docs.gitea.com/api/: repoListPullRequests, repoGetPullRequestByBaseHead, and what it has in common with GitHub.
"""

from itertools import count

from . import Proposal
from .github import GitHub, Pull


class Gitea(GitHub):
    @property
    def api(self) -> str:
        return f"{self.root}/api/v1"

    def find(self, branch: str, base: str) -> Proposal | None:
        """Gitea cannot list by head branch, so the pages are walked, newest first. A first request finds out whether
        there is any (where there are several, it may answer with an old one; a base with a slash has no such route)."""
        if "/" not in base:
            any_state = self.call("GET", f"/pulls/{base}/{branch}", refused=(404,))
            if any_state.status_code == 404:
                return None
            pull = self.decode(any_state, Pull)
            if pull.state == "open":
                return pull.proposal
        for state in ("open", "closed"):
            for page in count(1):
                query = {"state": state, "base_branch": base, "page": str(page), "limit": "50"}
                pulls = self.decode(self.call("GET", "/pulls", query=query), list[Pull])
                if not pulls:
                    break
                for pull in pulls:
                    if pull.head.ref == branch and pull.base.ref == base:
                        return pull.proposal
        return None
