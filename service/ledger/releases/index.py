"""Completes what an older ledger filed: the commits by which a release is found, when its source commit was made, and
the items of its proposals. In pieces, as upgrade.py; also for what such a ledger files meanwhile."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from ...database.piccolo_conf import current
from ...database.query import query
from ...database.tables import Proposal, Release
from ...domain.number_one import decode_gitops, gitops_to_two
from ...domain.waybill import Gitops, decode
from ..events.statements import tell
from ..rows import Id
from .file import NewCommit, ProposedGitops, add_commit, commits_of
from .number_two import TEXT, committed_at
from .proposal import proposed

PIECE = 200  # releases, or proposals


class IndexPiece(NamedTuple):
    limit: int


class UnindexedRelease(NamedTuple):
    id: int
    document: str


class IndexedRelease(NamedTuple):
    commits: int
    id: int


class DatedRelease(NamedTuple):
    committed_at: int
    id: int


class UntoldProposal(NamedTuple):
    id: int
    service: str
    version: str
    sha256: str
    recorded_at: datetime
    part: str
    gitops: str | None


_releases = query(
    lambda limit: Release.raw(
        "SELECT id, coalesce(whole, waybill) AS document FROM release"
        " WHERE commits IS NULL AND waybill IS NOT NULL ORDER BY id LIMIT {}",
        limit,
    ),
    takes=IndexPiece,
    gives=UnindexedRelease,
)
# Another process may have been faster: then they give no id.
_index = query(
    lambda commits, id: Release.raw(
        "UPDATE release SET commits = {} WHERE id = {} AND commits IS NULL RETURNING id", commits, id
    ),
    takes=IndexedRelease,
    gives=Id,
)
_undated = query(
    lambda limit: Release.raw(
        f"SELECT r.id, {TEXT} AS document FROM release r WHERE r.committed_at IS NULL ORDER BY r.id LIMIT {{}}", limit
    ),
    takes=IndexPiece,
    gives=UnindexedRelease,
)
_date = query(
    lambda committed_at, id: Release.raw("UPDATE release SET committed_at = {} WHERE id = {}", committed_at, id),
    takes=DatedRelease,
    gives=None,
)
_proposals = query(
    lambda limit: Proposal.raw(
        "SELECT p.id, r.service, r.version, p.sha256, p.recorded_at, p.part, p.gitops FROM proposal p"
        " JOIN release r ON r.id = p.release WHERE p.told IS NULL ORDER BY p.id LIMIT {}",
        limit,
    ),
    takes=IndexPiece,
    gives=UntoldProposal,
)
_tell = query(
    lambda id: Proposal.raw("UPDATE proposal SET told = TRUE WHERE id = {} AND told IS NULL RETURNING id", id),
    takes=Id,
    gives=Id,
)
_gitops = msgspec.json.Decoder(ProposedGitops).decode


async def complete() -> None:
    """Returns when nothing is left to complete."""
    while await _index_some() or await _date_some() or await _tell_some():
        pass


async def _index_some() -> bool:
    if not await _releases(IndexPiece(1)):
        return False
    async with current().transaction():
        found = {it.id: commits_of(decode(it.document)) for it in await _releases(IndexPiece(PIECE))}
        indexed = await _index.each([IndexedRelease(len(commits), id) for id, commits in found.items()])
        await add_commit.each([NewCommit(it.id, commit) for it in indexed for commit in found[it.id]])
    return bool(found)


async def _date_some() -> bool:
    if not (found := await _undated(IndexPiece(PIECE))):
        return False
    async with current().transaction():
        await _date.each([DatedRelease(committed_at(it.document), it.id) for it in found])
    return True


async def _tell_some() -> bool:
    if not await _proposals(IndexPiece(1)):
        return False
    async with current().transaction():
        found = {it.id: it for it in await _proposals(IndexPiece(PIECE))}
        told = [found[it.id] for it in await _tell.each([Id(id) for id in found])]
        rows = [row for it in told for row in proposed(it.service, it.version, _of(it), it.sha256, it.recorded_at)]
        await tell.each(rows)
    return bool(found)


def _of(it: UntoldProposal) -> Gitops:
    return gitops_to_two(decode_gitops(it.part)) if it.gitops is None else _gitops(it.gitops)
