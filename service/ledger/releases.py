"""Files releases: the first filing of a service and version stays, whatever comes after it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET

from ..database.compiled import compiled
from ..database.tables import Proposal, Release
from ..database.together import Together
from ..domain.waybill import Gitops, Waybill, differing, encode

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
        .returning(Release.id)
    )
)
_first = compiled(
    lambda service, version: Release.select(Release.id, Release.sha256, Release.document, Release.recorded_at).where(
        (Release.service == service) & (Release.version == version)
    )
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


class Filed(msgspec.Struct, frozen=True):
    """`new`: this filing was the first. `differs`: another release has this version; nothing was done."""

    receipt: Receipt
    new: bool
    differs: list[str] = []


async def _file_all(filings: Sequence[Filing]) -> list[Filed]:
    """In one order whoever files, so that two replicas never wait for each other's rows."""
    results: dict[int, Filed] = {}
    for number in sorted(range(len(filings)), key=lambda number: _order(filings[number])):
        results[number] = await _file(filings[number])
    return [results[number] for number in range(len(filings))]


file = Together(_file_all)


async def _file(it: Filing) -> Filed:
    release = it.document
    rows = await _insert(
        release.service,
        release.chart.version,
        it.sha256,
        it.text.decode(),
        release.image.digest,
        release.chart.name,
        release.chart.digest,
        release.source.commit,
        it.now,
    )
    id, sha256, recorded_at = rows[0][0] if rows else 0, it.sha256, it.now
    if not rows:
        [(id, sha256, document, recorded_at)] = await _first(release.service, release.chart.version)
    receipt = Receipt(id, release.service, release.chart.version, recorded_at, sha256)
    if sha256 != it.sha256:
        return Filed(receipt, False, differing(_decode(document), release))
    if release.gitops is not UNSET:
        await _propose(id, *_part(release.gitops), it.now)
    return Filed(receipt, bool(rows))


def _part(gitops: Gitops) -> tuple[str, str]:
    """The SHA-256 and the text of a proposal."""
    text = encode(gitops)
    return hashlib.sha256(text).hexdigest(), text.decode()


def _order(it: Filing) -> tuple[str, str, str]:
    gitops = it.document.gitops
    return it.document.service, it.document.chart.version, "" if gitops is UNSET else _part(gitops)[0]
