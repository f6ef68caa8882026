"""Who opens pull requests: one file for each forge, named as in `ForgeName` of settings.py, whose `FORGE` has the verbs
of `Forge`."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Literal, Protocol, get_args

from msgspec import Struct

from ..errors import Refused
from ..settings import ForgeName


class Proposal(Struct, frozen=True):
    """A pull request. `head` is the commit id that its branch had when the forge last saw it, "" where unknown."""

    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    title: str
    body: str
    head: str


class Attributes(Struct, frozen=True):
    """What the settings want of a pull request beside its text. A reviewer is a user, or a team as `acme/platform`."""

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False


class Forge(Protocol):
    """Every verb raises Refused when the forge does not answer or refuses; what is safe to send again is, where
    the forge limits requests (scripts/clients/http.py)."""

    def check(self, branches: Sequence[str] = ()) -> None:
        """Refuses where the forge itself says that nothing may be pushed or proposed, or not to one of `branches`; what
        it does not tell is not claimed."""

    def check_attributes(self, wanted: Attributes) -> None:
        """Refuses what this forge does not have, and labels and reviewers of which it says that there are none."""

    def find(self, branch: str, base: str) -> Proposal | None:
        """The open proposal of `branch` into `base`, else the one that was created last, else None."""

    def proposals(self, branch: str, base: str) -> Iterable[Proposal]:
        """All of them, in that order, perhaps one twice; of very many, the latest."""

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Proposal:
        """Opens one; if another run opened one in the meantime, that is updated and returned."""

    def update(self, number: int, title: str, body: str) -> Proposal:
        """A draft stays one, and what is ready stays ready."""

    def add(self, number: int, wanted: Attributes) -> None:
        """Gives the proposal the labels that it lacks, and asks the reviewers who were never asked. What people added,
        or took off of reviewers, stays."""

    def comment(self, number: int, text: str) -> None: ...

    def head_ref(self, number: int) -> str:
        """Where git keeps the commits of a proposal whose branch is gone."""

    def check_merge(self) -> None:
        """Refuses where the forge says that it does not merge by itself."""

    def merge(self, number: int, head: str) -> None:
        """Asks the forge to merge the proposal as soon as its own rules allow, if its branch still is at `head`. Where
        they allow it now it is merged."""

    def withdraw(self, number: int) -> None:
        """Takes that back."""


def forge_of(gitops: str | None, forge: str | None, token: str | None) -> Forge:
    """The forge of the GitOps repo."""
    if gitops is None:
        raise Refused("No GitOps repo is configured.", "Set `gitops` in waybill.toml, or WAYBILL_GITOPS.", fault="you")
    if forge is None:
        raise Refused(
            f"The address {gitops} does not show which forge it belongs to.",
            f"Set `forge` in waybill.toml, or WAYBILL_FORGE, to one of {', '.join(get_args(ForgeName))}.",
            fault="you",
        )
    made: Forge = import_module(f".{forge}", __name__).FORGE(gitops, token)
    return made
