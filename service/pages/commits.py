"""Where a forge shows the commits between two releases: GitHub, GitLab and Gitea at the same path."""

from ..ledger.releases.brief import ReleaseBrief
from .words import https


def comparison_page(before: ReleaseBrief | None, after: ReleaseBrief | None) -> str | None:
    """None: they are not of one repository, or that is none that a browser may be sent to."""
    if before is None or after is None or before.repository != after.repository:
        return None
    return https(f"{after.repository.removesuffix('.git')}/compare/{before.commit}...{after.commit}")
