"""Commits: the releases that contain one, and where they run."""

from litestar import get
from msgspec import Struct

from ..errors import NotFound
from ..ledger import commits
from ..ledger.commits import CommitPlace, ContainingRelease
from ..ledger.page import Page
from .parameters import CommitName, Limit, MorePlaces, NumberCursor


class OfCommit(Struct, frozen=True):
    """`next` continues the list as `cursor`; null: this is its end. `places`: where services of these
    releases run; it goes on where its `next` is given as the parameter `places`."""

    items: list[ContainingRelease]
    next: str | None
    commit: str
    places: Page[CommitPlace]


@get("/commits/{commit:str}", scope="read", refuses=[404], operation_id="get_commit", tags=["commits"])
async def get_commit(
    commit: CommitName, cursor: NumberCursor = None, limit: Limit = 50, places: MorePlaces = None
) -> OfCommit:
    """The releases that contain a commit, newest first, and where they run."""
    found = await commits.releases_with(commit, cursor, limit)
    if not found.items and cursor is None:
        raise NotFound("No filed release names this commit.", "GET /releases lists the filed releases.")
    return OfCommit(found.items, found.next, commit, await commits.places_of(commit, places))
