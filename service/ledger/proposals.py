"""What was proposed and has not arrived: of each environment and service the newest proposal, if it is still waited
for."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ..database.query import query
from ..database.tables import History
from ..domain.outcome import Awaited
from .environments.state import EnvironmentState
from .events.statements import detail_in
from .match import moment
from .releases.wait import outcome

MOST = 200  # proposals that are looked at, newest first
JUDGED = 60  # of those that may be waited for


class AwaitedRelease(NamedTuple):
    """`since`: when it was proposed; `proposal`: the address of the pull request."""

    environment: str
    service: str
    version: str
    since: datetime
    proposal: str | None


class NewestProposals(NamedTuple):
    limit: int


class ProposalRow(NamedTuple):
    environment: str
    service: str
    version: str
    at: int
    detail: str | None


_proposed = query(
    lambda limit: History.raw(
        "SELECT environment, service, version, at, detail FROM history WHERE kind = 'proposed'"
        " ORDER BY position DESC, environment DESC LIMIT {}",
        limit,
    ),
    takes=NewestProposals,
    gives=ProposalRow,
)


async def awaited_releases(states: Iterable[EnvironmentState], silent_after: int) -> list[AwaitedRelease]:
    """Newest first."""
    newest = dict[tuple[str, str], AwaitedRelease]()
    for it in await _proposed(NewestProposals(MOST)):
        one = AwaitedRelease(it.environment, it.service, it.version, moment(it.at), detail_in(it.detail).url)
        newest.setdefault((it.environment, it.service), one)
    for state in states:
        for place in state.services:
            known = newest.get((state.environment, place.service))
            runs = place.release and place.release.version
            if known and known.version in (runs, place.attempt and place.attempt.version):
                del newest[state.environment, place.service]
    maybe = list(newest.values())[:JUDGED]
    return [it for it in maybe if (await _judged(it, silent_after)).outcome in ("waiting", "unknown")]


async def _judged(it: AwaitedRelease, silent_after: int) -> Awaited:
    return await outcome(it.service, it.version, it.environment, silent_after)
