"""Which names a range of a namespace had when it was last read: a HelmRelease that is heard of for the first time, and
was not among them, was gone by then."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ...database.query import query
from ...database.tables import Listing
from ...domain.name_range import NameRange
from ...domain.snapshot import Sight
from ...domain.state import Entry
from ..rows import EnvironmentKey, PlaceKey
from .levels import absence
from .statements import PlaceCount, TooManyPlaces


class NamespaceKey(NamedTuple):
    environment: str
    namespace: str


class ListingRow(NamedTuple):
    """`names`: JSON."""

    cluster: str
    begins: str
    ends: str
    at: int
    names: str


class NewListing(NamedTuple):
    environment: str
    cluster: str
    namespace: str
    begins: str
    ends: str
    at: int
    names: str
    heard_at: int
    round_seconds: int


class OlderListings(NamedTuple):
    """Of ranges that begin within this one: those `before` then, and those of one name that are older than this; where
    the cluster was `named` otherwise, all."""

    environment: str
    named: str
    cluster: str
    namespace: str
    begins: str
    ends: str
    at: int
    before: int


_of_namespace = query(
    lambda environment, namespace: Listing.select(
        Listing.cluster, Listing.begins, Listing.ends, Listing.at, Listing.names
    ).where((Listing.environment == environment) & (Listing.namespace == namespace)),
    takes=NamespaceKey,
    gives=ListingRow,
)
_keep = query(
    lambda **columns: Listing.raw(
        "INSERT INTO cluster_listing"
        " (environment, cluster, namespace, begins, ends, at, names, heard_at, round_seconds)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})"
        " ON CONFLICT (environment, cluster, namespace, begins, ends) DO UPDATE"
        # Of two observers one may have a clock that is behind: what it saw is older, and yet it was heard.
        " SET names = CASE WHEN excluded.at >= cluster_listing.at THEN excluded.names ELSE cluster_listing.names END,"
        " at = CASE WHEN excluded.at >= cluster_listing.at THEN excluded.at ELSE cluster_listing.at END,"
        " heard_at = excluded.heard_at, round_seconds = excluded.round_seconds",
        *columns.values(),
    ),
    takes=NewListing,
    gives=None,
)
_forget = query(
    lambda environment, named, cluster, namespace, begins, ends, at, before: Listing.raw(
        "DELETE FROM cluster_listing WHERE environment = {} AND cluster = {} AND namespace = {}"
        " AND begins >= {} AND ({} = '' OR begins < {})"
        " AND (cluster <> {} OR at < {} OR (at < {} AND ends = begins || '-'))",
        environment,
        named,
        namespace,
        begins,
        ends,
        ends,
        cluster,
        before,
        at,
    ),
    takes=OlderListings,
    gives=None,
)
_count = query(
    lambda environment: Listing.raw(
        "SELECT count(*) AS number FROM cluster_listing WHERE environment = {}", environment
    ),
    takes=EnvironmentKey,
    gives=PlaceCount,
)
RENEWED = 3600  # seconds
_decode = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode


async def keep(environment: str, sight: Sight, clusters: Collection[str], heard_at: int, most: int) -> None:
    """`clusters`: the names that the one which was looked at had. Raises TooManyPlaces where an environment would have
    more than `most` lists.

    Those that were not renewed are forgotten: as a large namespace changes, its parts begin elsewhere."""
    if len(sight.ranges) > most:
        raise TooManyPlaces(environment)
    at, names = sight.at, defaultdict[str, list[str]](list)
    for it in sorted(sight.names):
        namespace, _, name = it.partition("/")
        names[namespace].append(name)
    rows = [
        NewListing(
            *(environment, sight.cluster, it.namespace, it.from_, it.until, at),
            _encode(_within(names[it.namespace], it)).decode(),
            heard_at,
            sight.round_seconds or 0,
        )
        for it in sight.ranges
    ]
    await _keep.each(rows)
    await _forget.each(
        [
            OlderListings(environment, named, sight.cluster, it.namespace, it.from_, it.until, at, at - RENEWED)
            for named in sorted({"", *clusters})
            for it in sight.ranges
            if not it.is_one_name
        ]
    )
    [kept] = await _count(EnvironmentKey(environment))
    if kept.number > most:
        raise TooManyPlaces(environment)


def _within(names: Sequence[str], it: NameRange) -> Sequence[str]:
    return names[bisect_left(names, it.from_) : bisect_left(names, it.until) if it.until else None]


async def absences(heard: Mapping[PlaceKey, int]) -> dict[PlaceKey, list[Entry]]:
    """Of places that were never heard of before: that they were gone later, where the lists say so. It is kept as a
    level."""
    found = dict[PlaceKey, list[Entry]]()
    for key, at in heard.items():
        several = await _newest(key)
        if all(_is_without(it, key, at) for it in several):
            found[key] = [await absence(key, it.at, it.cluster) for it in several]
    return found


async def gone_elsewhere(key: PlaceKey, clusters: Collection[str], at: int) -> bool:
    """Whether none but these clusters can have a HelmRelease that was heard of then, and that no observer has shown."""
    return all(_is_without(it, key, at) for it in await _newest(key) if it.cluster not in ("", *clusters))


async def _newest(key: PlaceKey) -> list[ListingRow]:
    """Of each cluster the newest list that would hold the name of the place; without a cluster's name only one that is
    newer than the others."""
    namespace, _, name = key.place.partition("/")
    rows = await _of_namespace(NamespaceKey(key.environment, namespace))
    holding = [it for it in rows if it.begins <= name and (not it.ends or name < it.ends)]
    newest = {it.cluster: it for it in sorted(holding, key=lambda it: it.at)}
    last = max((it.at for it in newest.values()), default=0)
    return [it for it in newest.values() if it.cluster or it.at == last]


def _is_without(it: ListingRow, key: PlaceKey, at: int) -> bool:
    return it.at > at and key.place.partition("/")[2] not in _decode(it.names)
