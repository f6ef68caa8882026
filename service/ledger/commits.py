"""What contains a commit of a source repository: releases, and the places where they run.

A release contains the commit that it was made of, its release commit, and those of its changes. Whether one that names
it nowhere contains it, as a later one may, the ledger cannot know.
"""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from ..database.query import query
from ..database.tables import Place
from ..domain.place import OlderRules, standing_in
from .match import moment
from .page import Page, page
from .releases import read
from .releases.number_two import WITH_COMMIT

MOST = 200  # places that are given with a commit


class ContainingRelease(Struct, frozen=True):
    """`named_in`: source, it was made of the commit; release, it is its release commit; changes, it is one of them."""

    service: str
    version: str
    named_in: Literal["source", "release", "changes"]
    recorded_at: datetime
    url: str


class CommitPlace(Struct, frozen=True):
    """Where a service of which some release contains the commit runs. `contains`: yes, what runs names it; unknown."""

    environment: str
    place: str
    service: str
    version: str
    since: datetime
    contains: Literal["yes", "unknown"]


class CommitKey(NamedTuple):
    """`id`: of the place after which a page begins."""

    commit: str
    id: int
    limit: int


class CommitPlaceRow(NamedTuple):
    """`contains`: 0 or 1, of the release that the place names."""

    id: int
    environment: str
    place: str
    service: str
    state: str
    contains: int


class _Names(Struct):
    commit: str
    release_commit: str


class _Made(Struct):
    source: _Names


_places = query(
    lambda commit, id, limit: Place.raw(
        "SELECT p.id, p.environment, p.place, p.service, p.state,"
        f" CASE WHEN r.id IN ({WITH_COMMIT}) THEN 1 ELSE 0 END AS contains FROM place p"
        " LEFT JOIN release r ON r.service = p.service AND r.version = p.version"
        f" WHERE p.service IN (SELECT x.service FROM release x WHERE x.id IN ({WITH_COMMIT}))"
        " AND p.id > {} ORDER BY p.id LIMIT {}",
        *(commit,) * 4,
        id,
        limit,
    ),
    takes=CommitKey,
    gives=CommitPlaceRow,
)
_decode = msgspec.json.Decoder(_Made).decode


async def releases_with(commit: str, cursor: str | None = None, limit: int = 50) -> Page[ContainingRelease]:
    """Newest first."""
    found = await read.newest(commit=commit, cursor=cursor, limit=limit)
    return Page([_release(it, commit) for it in found.items], found.next)


async def places_of(commit: str, cursor: str | None = None) -> Page[CommitPlace]:
    """A page may have fewer items than there is room for: where nothing is known to run, there is none."""
    rows = await _places(CommitKey(commit, int(cursor or 0), MOST + 1))
    items = [found for it in rows[:MOST] if (found := _place(it))]
    return Page(items, page(rows, MOST, lambda it: it, lambda it: str(it.id)).next)


def _release(it: read.Record, commit: str) -> ContainingRelease:
    source = _decode(it.document).source
    named_in: Literal["source", "release", "changes"] = "changes"
    if commit in (source.commit, source.release_commit):
        named_in = "source" if commit == source.commit else "release"
    receipt = it.receipt
    url = f"/releases/{receipt.service}/{receipt.version}"
    return ContainingRelease(receipt.service, receipt.version, named_in, receipt.recorded_at, url)


def _place(it: CommitPlaceRow) -> CommitPlace | None:
    standing = standing_in(it.state)
    if standing is None:
        raise OlderRules
    running = standing.state.running if len(standing.open) == 1 else None
    if running is None:
        return None
    contains: Literal["yes", "unknown"] = "yes" if it.contains else "unknown"
    return CommitPlace(it.environment, it.place, it.service, running.version, moment(running.since), contains)
