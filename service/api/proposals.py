"""Proposals: what was proposed and has not arrived."""

from datetime import datetime

from litestar import get
from litestar.datastructures import State
from msgspec import Struct

from ..ledger.environments import state as environments
from ..ledger.proposals import awaited_releases


class PendingProposal(Struct, frozen=True):
    """`since`: when it was proposed; `proposal`: the address of the pull request."""

    environment: str
    service: str
    version: str
    since: datetime
    proposal: str | None


class PendingProposals(Struct, frozen=True):
    items: list[PendingProposal]


@get("/proposals", scope="read", operation_id="list_proposals", tags=["proposals"])
async def list_proposals(state: State) -> PendingProposals:
    """Of each environment and service the newest proposal that has not arrived and still may, newest first: of the
    newest 200 proposals."""
    silent_after = state.settings.silent_after
    found = await environments.first(silent_after)
    return PendingProposals([PendingProposal(*it) for it in await awaited_releases(found.items, silent_after)])
