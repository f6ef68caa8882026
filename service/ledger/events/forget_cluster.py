"""Forgets a cluster that is no more: what an observer last saw there is gone, and nobody waits for its next word."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ...database.piccolo_conf import current
from ...database.query import query
from ...database.tables import History, Listing
from ...domain.event import seconds_of
from ...domain.lane import ObjectLane
from ...domain.place import OlderRules, standing_in
from ...domain.state import Entry, State
from ..match import moment
from ..rows import EnvironmentKey, PlaceKey
from . import levels, silence
from .projection import Batch, project
from .ranges import ReadRange, longest_round, missed, ranges_of
from .silence import Heard
from .statements import Detail, HistoryColumns, Observed, detail_in, detail_text, observe, places, tell
from .take import ANY_NUMBER


class UnknownCluster(Exception):
    """The environment has no cluster of that name, but the ones in `known`."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__()
        self.known = known


class ClusterKey(NamedTuple):
    environment: str
    cluster: str


class DetailRow(NamedTuple):
    detail: str | None


_forgotten = query(
    lambda environment: History.select(History.detail).where(
        (History.environment == environment) & (History.kind == "forgotten")
    ),
    takes=EnvironmentKey,
    gives=DetailRow,
    many=True,
)
_delete = query(
    lambda environment, cluster: Listing.delete().where(
        (Listing.environment == environment) & (Listing.cluster == cluster)
    ),
    takes=ClusterKey,
    gives=None,
    many=True,
)


async def forget_cluster(environment: str, cluster: str, now: datetime) -> int | None:
    """Gives of how many places the HelmRelease is gone with it; None: it was forgotten before. Raises UnknownCluster,
    and OlderRules."""
    async with current().transaction():
        heard = await silence.lock(environment)
        if heard is None:
            raise UnknownCluster([])
        known = await ranges_of(environment)
        own = [it for it in known if it.cluster == cluster]
        there = [(it.place, _lanes(it.state)) for it in await places(EnvironmentKey(environment))]
        gone = [place for place, lanes in there if any(_is_in(cluster, it) for it in lanes)]
        if not own and not gone:
            if any(detail_in(it.detail).cluster == cluster for it in await _forgotten(EnvironmentKey(environment))):
                return None
            named = {name for _, lanes in there for lane in lanes for name in lane.clusters}
            raise UnknownCluster(sorted({*named, *(it.cluster for it in known if it.cluster)}))
        others = [it for it in known if it.cluster != cluster]
        await tell.each(_silences(environment, heard, own, others, now))
        await _absent(environment, cluster, gone, heard.confirmed_at, now)
        rounds = longest_round(others, None, seconds_of(now))
        await observe(Observed(environment, heard.observed_at if others else None, rounds))
        await _delete.each([ClusterKey(environment, cluster)])
        await tell.each([_row(environment, cluster, now)])
        return len(gone)


def _lanes(state: str) -> list[ObjectLane]:
    standing = standing_in(state)
    if standing is None:
        raise OlderRules
    return standing.open


def _is_in(cluster: str, lane: ObjectLane) -> bool:
    """Alone, so that it does not go on under another name; and it is not gone already."""
    it = lane.state
    is_gone = it == State(health_cause=it.health_cause, health_since=it.unmanaged, unmanaged=it.unmanaged, left=it.left)
    return lane.clusters == (cluster,) and not is_gone


def _silences(
    environment: str, heard: Heard, own: Sequence[ReadRange], others: Sequence[ReadRange], now: datetime
) -> list[HistoryColumns]:
    """Those that last, which no word from there will end."""
    whole, second = None if others else silence.silent_since(heard, now), seconds_of(now)
    if whole:
        return [silence.row(environment, "silent", whole)]
    lost = [it for several in missed(own, second).values() for it in several]
    return [silence.row(environment, "silent", moment(it.heard), it, second) for it in lost]


async def _absent(environment: str, cluster: str, gone: Sequence[str], heard: datetime, now: datetime) -> None:
    """As if an observer had looked once more, and found nothing; but nothing was heard."""
    at, entries = seconds_of(now), list[Entry | None]()
    for place in gone:
        entries += await levels.keep(PlaceKey(environment, place), at, "", cluster, ())
    if entries:
        await project({environment: Batch(entries, heard, ANY_NUMBER)})


def _row(environment: str, cluster: str, now: datetime) -> HistoryColumns:
    found = silence.row(environment, f"forgotten {cluster}", now)
    detail = detail_text(Detail(cluster=cluster))
    return found._replace(kind="forgotten", source="operator", message=f"cluster {cluster}", detail=detail)
