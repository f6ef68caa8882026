"""Which names a range of a namespace had when it was last read: a HelmRelease that is heard of for the first time, and
was not among them, was gone by then."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from ...database.query import query
from ...database.tables import Listing
from ...domain.snapshot import NameRange
from ...domain.state import Entry
from ..rows import PlaceKey
from .levels import absence


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


class OlderListings(NamedTuple):
    """Of ranges that begin within this one."""

    environment: str
    namespace: str
    begins: str
    ends: str
    before: int


_of_namespace = query(
    lambda environment, namespace: Listing.select(Listing.begins, Listing.ends, Listing.at, Listing.names).where(
        (Listing.environment == environment) & (Listing.namespace == namespace)
    ),
    takes=NamespaceKey,
    gives=ListingRow,
)
_keep = query(
    lambda environment, namespace, begins, ends, at, names: Listing.raw(
        "INSERT INTO listing (environment, namespace, begins, ends, at, names) VALUES ({}, {}, {}, {}, {}, {})"
        " ON CONFLICT (environment, namespace, begins, ends) DO UPDATE SET at = excluded.at, names = excluded.names"
        " WHERE excluded.at >= listing.at",
        environment,
        namespace,
        begins,
        ends,
        at,
        names,
    ),
    takes=NewListing,
    gives=None,
)
_forget = query(
    lambda environment, namespace, begins, ends, before: Listing.raw(
        "DELETE FROM listing WHERE environment = {} AND namespace = {} AND begins >= {} AND ({} = '' OR begins < {})"
        " AND at < {}",
        environment,
        namespace,
        begins,
        ends,
        ends,
        before,
    ),
    takes=OlderListings,
    gives=None,
)
RENEWED = 3600  # seconds
_decode = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode


async def keep(environment: str, at: int, ranges: Iterable[NameRange], names: Iterable[str]) -> None:
    """`names`: namespace/name. Lists that were not renewed are forgotten: as a large namespace changes, its parts begin
    elsewhere."""
    split = [it.split("/") for it in sorted(names)]
    rows = [
        NewListing(
            *(environment, it.namespace, it.from_, it.until, at),
            _encode([name for namespace, name in split if it.holds(namespace, name)]).decode(),
        )
        for it in ranges
    ]
    await _keep.each(rows)
    await _forget.each([OlderListings(environment, it.namespace, it.from_, it.until, at - RENEWED) for it in ranges])


async def absences(heard: Mapping[PlaceKey, int]) -> dict[PlaceKey, Entry]:
    """Of places that were never heard of before: that they were gone later, where a list says so. It is kept as a
    level."""
    found = dict[PlaceKey, Entry]()
    for key, at in heard.items():
        namespace, _, name = key.place.partition("/")
        rows = await _of_namespace(NamespaceKey(key.environment, namespace))
        newest = max(
            (it for it in rows if NameRange(namespace, it.begins, it.ends).holds(namespace, name)),
            key=lambda it: it.at,
            default=None,
        )
        if newest and newest.at > at and name not in _decode(newest.names):
            found[key] = await absence(key, newest.at)
    return found
