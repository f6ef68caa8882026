"""Who opens pull requests: four verbs, one file for each forge. A new forge is one file and its line in `forge_of`."""

from typing import Literal, Protocol

from msgspec import Struct

from ..errors import Refused


class Proposal(Struct, frozen=True):
    """A pull request. `head` is the commit id that its branch had when the forge last saw it, "" where unknown."""

    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    title: str
    body: str
    head: str


class Forge(Protocol):
    """Every verb raises Refused when the forge does not answer or refuses; what is safe to send again is, where
    the forge limits requests (scripts/clients/http.py)."""

    def find(self, branch: str, base: str) -> Proposal | None:
        """The open proposal of `branch` into `base`, else the one that was created last, else None."""

    def create(self, branch: str, base: str, title: str, body: str) -> Proposal:
        """Opens one; if another run opened one in the meantime, that is updated and returned."""

    def update(self, number: int, title: str, body: str) -> None: ...

    def comment(self, number: int, text: str) -> None: ...


def forge_of(gitops: str | None, forge: str | None, token: str | None) -> Forge:
    """The forge of the GitOps repo."""
    if gitops is None:
        raise Refused("No GitOps repo is configured.", "Set `gitops` in waybill.toml.", fault="you")
    match forge:
        case "github":
            from .github import GitHub

            return GitHub(gitops, token)
        case "gitea":
            from .gitea import Gitea

            return Gitea(gitops, token)
        case "file" if gitops.startswith(("/", "file://")):
            from .file import FileForge

            return FileForge(gitops)
        case "file":
            raise Refused(
                f'forge = "file" is for a path of this machine, and gitops is {gitops}.',
                'Set forge = "github" or forge = "gitea" in waybill.toml.',
                fault="you",
            )
    raise Refused(
        f"The address {gitops} does not show which forge it belongs to.",
        'Set forge = "github" or forge = "gitea" in waybill.toml.',
        fault="you",
    )
