"""What happened, as rows for people: each with what became of it, and with the commits that it brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..ledger.arrivals import list as arrivals
from ..ledger.arrivals.list import Arrival
from ..ledger.history import HistoryItem
from ..ledger.releases.brief import ReleaseBrief, brief
from .commits import comparison_page

BESIDE = 60  # arrivals that are looked at for the end of one


@dataclass
class Happening:
    """`arrival`: of an item that is one; `then`: the version that replaced it. `release`: what came with the version;
    `compared`: the forge's page of its commits."""

    item: HistoryItem
    arrival: Arrival | None = None
    then: str | None = None
    release: ReleaseBrief | None = None
    compared: str | None = None


Known = dict[tuple[str, str], ReleaseBrief | None]
Ends = dict[tuple[str, str | None, datetime], tuple[Arrival, str | None]]


async def happenings(
    items: Sequence[HistoryItem], service: str | None, cursor: str | None, silent_after: int
) -> list[Happening]:
    """`items` begin at the cursor; `service`: of which all are, None: of several."""
    releases, ended = Known(), await _ended(service, cursor, silent_after) if service else Ends()
    found = list[Happening]()
    for it in items:
        arrival = ended.get((it.environment, it.place, it.when)) if it.kind == "arrived" else None
        one = Happening(it, *(arrival or ()))
        if it.service and it.version and it.known:
            one.release = await _brief(releases, it.service, it.version)
            since = one.release and one.release.since
            one.compared = comparison_page(await _brief(releases, it.service, since) if since else None, one.release)
        found.append(one)
    return found


async def _brief(known: Known, service: str, version: str) -> ReleaseBrief | None:
    if (service, version) not in known:
        known[service, version] = await brief(service, version)
    return known[service, version]


async def _ended(service: str, cursor: str | None, silent_after: int) -> Ends:
    """Of the arrivals after the cursor: how each ended, and what came after it."""
    page = await arrivals.of_service(service, cursor and cursor.replace("m.", "."), BESIDE, silent_after)
    after, found = dict[tuple[str, str], Arrival](), Ends()
    for it in page.items:
        following = after.get((it.environment, it.place))
        replaced = following.release.version if following and following.from_ == it.until else None
        found[it.environment, it.place, it.from_] = it, replaced
        after[it.environment, it.place] = it
    return found
