"""Which names a range of a namespace had when it was last read: a HelmRelease that is heard of for the first time, and
was not among them, was gone by then."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
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

    begins: str
    ends: str
    at: int
    names: str


class NewListing(NamedTuple):
    environment: str
    namespace: str
    begins: str
    ends: str
    at: int
    names: str
    heard_at: int
    round_seconds: int


class OlderListings(NamedTuple):
    """Of ranges that begin within this one: those `before` then, and those of one name that are older than this."""

    environment: str
    namespace: str
    begins: str
    ends: str
    at: int
    before: int


_of_namespace = query(
    lambda environment, namespace: Listing.select(Listing.begins, Listing.ends, Listing.at, Listing.names).where(
        (Listing.environment == environment) & (Listing.namespace == namespace)
    ),
    takes=NamespaceKey,
    gives=ListingRow,
)
_keep = query(
    lambda **columns: Listing.raw(
        "INSERT INTO listing (environment, namespace, begins, ends, at, names, heard_at, round_seconds)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT (environment, namespace, begins, ends) DO UPDATE"
        # Of two observers one may have a clock that is behind: what it saw is older, and yet it was heard.
        " SET names = CASE WHEN excluded.at >= listing.at THEN excluded.names ELSE listing.names END,"
        " at = CASE WHEN excluded.at >= listing.at THEN excluded.at ELSE listing.at END,"
        " heard_at = excluded.heard_at, round_seconds = excluded.round_seconds",
        *columns.values(),
    ),
    takes=NewListing,
    gives=None,
)
_forget = query(
    lambda environment, namespace, begins, ends, at, before: Listing.raw(
        "DELETE FROM listing WHERE environment = {} AND namespace = {} AND begins >= {} AND ({} = '' OR begins < {})"
        " AND (at < {} OR (at < {} AND ends = begins || '-'))",
        environment,
        namespace,
        begins,
        ends,
        ends,
        before,
        at,
    ),
    takes=OlderListings,
    gives=None,
)
_count = query(
    lambda environment: Listing.raw("SELECT count(*) AS number FROM listing WHERE environment = {}", environment),
    takes=EnvironmentKey,
    gives=PlaceCount,
)
RENEWED = 3600  # seconds
_decode = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode


async def keep(environment: str, sight: Sight, heard_at: int, most: int) -> None:
    """Raises TooManyPlaces where an environment would have more than `most` lists.

    Those that were not renewed are forgotten: as a large namespace changes, its parts begin elsewhere."""
    if len(sight.ranges) > most:
        raise TooManyPlaces(environment)
    at, names = sight.at, defaultdict[str, list[str]](list)
    for it in sorted(sight.names):
        namespace, _, name = it.partition("/")
        names[namespace].append(name)
    rows = [
        NewListing(
            *(environment, it.namespace, it.from_, it.until, at),
            _encode(_within(names[it.namespace], it)).decode(),
            heard_at,
            sight.round_seconds or 0,
        )
        for it in sight.ranges
    ]
    await _keep.each(rows)
    await _forget.each(
        [
            OlderListings(environment, it.namespace, it.from_, it.until, at, at - RENEWED)
            for it in sight.ranges
            if not it.is_one_name
        ]
    )
    [kept] = await _count(EnvironmentKey(environment))
    if kept.number > most:
        raise TooManyPlaces(environment)


def _within(names: Sequence[str], it: NameRange) -> Sequence[str]:
    return names[bisect_left(names, it.from_) : bisect_left(names, it.until) if it.until else None]


async def absences(heard: Mapping[PlaceKey, int]) -> dict[PlaceKey, Entry]:
    """Of places that were never heard of before: that they were gone later, where a list says so. It is kept as a
    level."""
    found = dict[PlaceKey, Entry]()
    for key, at in heard.items():
        namespace, _, name = key.place.partition("/")
        rows = await _of_namespace(NamespaceKey(key.environment, namespace))
        newest = max(
            (it for it in rows if it.begins <= name and (not it.ends or name < it.ends)),
            key=lambda it: it.at,
            default=None,
        )
        if newest and newest.at > at and name not in _decode(newest.names):
            found[key] = await absence(key, newest.at)
    return found
