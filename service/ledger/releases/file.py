"""Files releases: of each service and version the first filing stays as it is."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from ...database.group_commit import written
from ...database.query import query
from ...database.tables import Proposal, Release
from ...domain.waybill import Gitops, Waybill, differing, encode


class VersionKey(NamedTuple):
    service: str
    version: str


class NewRelease(NamedTuple):
    """The columns of `release`."""

    service: str
    version: str
    sha256: str
    document: str
    image_digest: str
    chart_name: str
    chart_digest: str
    source_commit: str
    recorded_at: datetime


class ReleaseId(NamedTuple):
    id: int
    service: str
    version: str


class FirstFiling(NamedTuple):
    """What is kept of the first filing of a release."""

    id: int
    service: str
    version: str
    sha256: str
    document: str
    recorded_at: datetime


class NewProposal(NamedTuple):
    """The columns of `proposal`; `release` is the release's id."""

    release: int
    sha256: str
    part: str
    recorded_at: datetime


_insert = query(
    lambda **columns: (
        Release.insert(Release(**columns))
        .on_conflict(target=(Release.service, Release.version), action="DO NOTHING")
        .returning(Release.id, Release.service, Release.version)
    ),
    takes=NewRelease,
    gives=ReleaseId,
)
_first = query(
    lambda service, version: Release.select(
        Release.id, Release.service, Release.version, Release.sha256, Release.document, Release.recorded_at
    ).where((Release.service == service) & (Release.version == version)),
    takes=VersionKey,
    gives=FirstFiling,
)
_propose = query(
    lambda **columns: Proposal.insert(Proposal(**columns)).on_conflict(
        target=(Proposal.release, Proposal.sha256), action="DO NOTHING"
    ),
    takes=NewProposal,
    gives=None,
)
_decode = msgspec.json.Decoder(Waybill).decode


class Filing(msgspec.Struct, frozen=True):
    """A document that was sent at `now`, its encoding, and the SHA-256 of its identity."""

    document: Waybill
    text: bytes
    sha256: str
    now: datetime


class Receipt(msgspec.Struct, frozen=True):
    """Of the first filing. `sha256` is over the identity fields, as RFC 8785 writes JSON."""

    id: int
    service: str
    version: str
    recorded_at: datetime
    sha256: str


class FilingResult(msgspec.Struct, frozen=True):
    """`new`: this filing was the first. `differs`: another release has this version; nothing was done."""

    receipt: Receipt
    new: bool
    differs: list[str] = []


async def file(filing: Filing) -> FilingResult:
    return await written(_file_all, filing)


async def _file_all(filings: Sequence[Filing]) -> list[FilingResult]:
    """In the order of their keys, so that two replicas never wait for each other's rows (deadlock)."""
    ordered = sorted(filings, key=_order)
    inserted = await _insert.each([_row(it) for it in ordered])
    ids = {VersionKey(it.service, it.version): it.id for it in inserted}
    known = await _first.each(sorted({_key(it) for it in ordered} - set(ids)))
    first = {VersionKey(it.service, it.version): it for it in known}
    results, proposals = dict[int, FilingResult](), list[NewProposal]()
    for it in ordered:
        key = _key(it)
        if new := key not in first:
            first[key] = FirstFiling(ids[key], *key, it.sha256, it.text.decode(), it.now)
        kept = first[key]
        receipt = Receipt(kept.id, *key, kept.recorded_at, kept.sha256)
        if kept.sha256 != it.sha256:
            results[id(it)] = FilingResult(receipt, False, differing(_decode(kept.document), it.document))
            continue
        results[id(it)] = FilingResult(receipt, new)
        if it.document.gitops is not UNSET:
            proposals.append(NewProposal(kept.id, *_part(it.document.gitops), it.now))
    await _propose.each(proposals)
    return [results[id(it)] for it in filings]


def _key(it: Filing) -> VersionKey:
    return VersionKey(it.document.service, it.document.chart.version)


def _row(it: Filing) -> NewRelease:
    chart = it.document.chart
    image, commit = it.document.image.digest, it.document.source.commit
    return NewRelease(*_key(it), it.sha256, it.text.decode(), image, chart.name, chart.digest, commit, it.now)


def _part(gitops: Gitops) -> tuple[str, str]:
    """The SHA-256 and the text of a proposal."""
    text = encode(gitops)
    return hashlib.sha256(text).hexdigest(), text.decode()


def _order(it: Filing) -> tuple[str, str, str]:
    gitops = it.document.gitops
    return *_key(it), "" if gitops is UNSET else _part(gitops)[0]
