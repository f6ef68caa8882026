"""Files releases: the first filing of a service and version stays, whatever comes after it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from ...database.group_commit import Together
from ...database.query import compiled
from ...database.tables import Proposal, Release
from ...domain.waybill import Gitops, Waybill, differing, encode

_insert = compiled(
    lambda service, version, sha256, document, image, chart, chart_digest, commit, now: (
        Release.insert(
            Release(
                service=service,
                version=version,
                sha256=sha256,
                document=document,
                image_digest=image,
                chart_name=chart,
                chart_digest=chart_digest,
                source_commit=commit,
                recorded_at=now,
            )
        )
        .on_conflict(target=(Release.service, Release.version), action="DO NOTHING")
        .returning(Release.service, Release.version, Release.id)
    )
)
_first = compiled(
    lambda service, version: Release.select(
        Release.service, Release.version, Release.id, Release.sha256, Release.document, Release.recorded_at
    ).where((Release.service == service) & (Release.version == version))
)
_propose = compiled(
    lambda release, sha256, part, now: Proposal.insert(
        Proposal(release=release, sha256=sha256, part=part, recorded_at=now)
    ).on_conflict(target=(Proposal.release, Proposal.sha256), action="DO NOTHING")
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


class FirstFiling(NamedTuple):
    """What is kept of the first filing."""

    id: int
    sha256: str
    document: str
    recorded_at: datetime


class FilingResult(msgspec.Struct, frozen=True):
    """`new`: this filing was the first. `differs`: another release has this version; nothing was done."""

    receipt: Receipt
    new: bool
    differs: list[str] = []


async def _file_all(filings: Sequence[Filing]) -> list[FilingResult]:
    """In one order whoever files, so that two replicas never wait for each other's rows."""
    ordered = sorted(filings, key=_order)
    inserted = {(service, version): id for service, version, id in await _insert.each([_row(it) for it in ordered])}
    known = sorted({_key(it) for it in ordered} - set(inserted))
    first = {(service, version): FirstFiling(*row) for service, version, *row in await _first.each(known)}
    results, proposals = dict[int, FilingResult](), []
    for it in ordered:
        key = _key(it)
        if new := key not in first:
            first[key] = FirstFiling(inserted[key], it.sha256, it.text.decode(), it.now)
        kept = first[key]
        receipt = Receipt(kept.id, *key, kept.recorded_at, kept.sha256)
        if kept.sha256 != it.sha256:
            results[id(it)] = FilingResult(receipt, False, differing(_decode(kept.document), it.document))
            continue
        results[id(it)] = FilingResult(receipt, new)
        if it.document.gitops is not UNSET:
            proposals.append((kept.id, *_part(it.document.gitops), it.now))
    await _propose.each(proposals)
    return [results[id(it)] for it in filings]


file = Together(_file_all)


def _key(it: Filing) -> tuple[str, str]:
    return it.document.service, it.document.chart.version


def _row(it: Filing) -> tuple[Any, ...]:
    chart = it.document.chart
    image, commit = it.document.image.digest, it.document.source.commit
    return *_key(it), it.sha256, it.text.decode(), image, chart.name, chart.digest, commit, it.now


def _part(gitops: Gitops) -> tuple[str, str]:
    """The SHA-256 and the text of a proposal."""
    text = encode(gitops)
    return hashlib.sha256(text).hexdigest(), text.decode()


def _order(it: Filing) -> tuple[str, str, str]:
    gitops = it.document.gitops
    return *_key(it), "" if gitops is UNSET else _part(gitops)[0]
