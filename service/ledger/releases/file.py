"""Files releases: of each service and version the first filing stays as it is."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType, structs

from ...database.group_commit import written
from ...database.query import query
from ...database.tables import Proposal, Release, ReleaseCommit, ReleaseImage
from ...domain.identity import differing, sha256_of_one
from ...domain.number_one import FirstGitops, FirstWaybill, from_two
from ...domain.waybill import Artifact, By, Gitops, Waybill, decode, encode
from ..events.statements import HistoryColumns, tell
from .number_two import SHA256, TEXT, committed_at, in_two
from .proposal import proposed


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
    waybill: str
    whole: str | None
    identity: str
    commits: int
    committed_at: int


class NewCommit(NamedTuple):
    """The columns of `release_commit`."""

    release: int
    commit: str


class NewImage(NamedTuple):
    """The columns of `release_image`."""

    release: int
    name: str
    platform: str | None
    digest: str


class ReleaseId(NamedTuple):
    id: int
    service: str
    version: str


class FirstFiling(NamedTuple):
    """What is kept of the first filing of a release; `sha256` None: it was of number 1, as `document` is."""

    id: int
    service: str
    version: str
    sha256: str | None
    document: str
    recorded_at: datetime


class NewProposal(NamedTuple):
    """The columns of `proposal`; `release` is the release's id."""

    release: int
    sha256: str
    part: str
    recorded_at: datetime
    gitops: str
    told: bool
    artifact: str | None


class ProposalKey(NamedTuple):
    release: int
    sha256: str


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
    lambda service, version: Release.raw(
        f"SELECT r.id, r.service, r.version, {SHA256} AS sha256, {TEXT} AS document, r.recorded_at FROM release r"
        " WHERE r.service = {} AND r.version = {}",
        service,
        version,
    ),
    takes=VersionKey,
    gives=FirstFiling,
)
_propose = query(
    lambda **columns: (
        Proposal.insert(Proposal(**columns))
        .on_conflict(target=(Proposal.release, Proposal.sha256), action="DO NOTHING")
        .returning(Proposal.release, Proposal.sha256)
    ),
    takes=NewProposal,
    gives=ProposalKey,
)
add_commit = query(lambda **columns: ReleaseCommit.insert(ReleaseCommit(**columns)), takes=NewCommit, gives=None)
add_image = query(
    lambda **columns: ReleaseImage.insert(ReleaseImage(**columns)),
    takes=NewImage,
    gives=None,
)


class ProposedGitops(Gitops, frozen=True):
    """A proposal, the manifests that are published of it, and who or what made it."""

    artifact: Artifact | UnsetType = UNSET
    by: By | UnsetType = UNSET


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
    ones = {id(it): from_two(it.document) for it in filings}
    parts = {id(it): _part(one.gitops) for it in filings if (one := ones[id(it)]).gitops is not UNSET}
    ordered = sorted(filings, key=lambda it: (*_key(it), *parts.get(id(it), ())))
    inserted = await _insert.each([_row(it, ones[id(it)]) for it in ordered])
    ids = {VersionKey(it.service, it.version): it.id for it in inserted}
    new_images, new_commits = list[NewImage](), list[NewCommit]()
    known = await _first.each(sorted({_key(it) for it in ordered} - set(ids)))
    first = {VersionKey(it.service, it.version): it for it in known}
    results, proposals = dict[int, FilingResult](), dict[ProposalKey, NewProposal]()
    told = dict[ProposalKey, Iterator[HistoryColumns]]()
    for it in ordered:
        key = _key(it)
        if new := key not in first:
            first[key] = FirstFiling(ids[key], *key, it.sha256, it.text.decode(), it.now)
            new_images += images_of(ids[key], it.document)
            new_commits += [NewCommit(ids[key], commit) for commit in commits_of(it.document)]
        kept = first[key]
        document, sha256 = in_two(kept.document, kept.sha256)
        receipt = Receipt(kept.id, *key, kept.recorded_at, sha256)
        if sha256 != it.sha256:
            results[id(it)] = FilingResult(receipt, False, differing(decode(document), it.document))
            continue
        results[id(it)] = FilingResult(receipt, new)
        if it.document.gitops is not UNSET:
            artifact, by = it.document.artifact, it.document.by
            gitops = ProposedGitops(**structs.asdict(it.document.gitops), artifact=artifact, by=by)
            part = parts[id(it)]
            same = ProposalKey(kept.id, part[0])
            text, digest = encode(gitops).decode(), artifact.digest if artifact else None
            proposals.setdefault(same, NewProposal(kept.id, *part, it.now, text, told=True, artifact=digest))
            told.setdefault(same, proposed(*key, gitops, part[0], it.now))
    await add_image.each(new_images)
    await add_commit.each(new_commits)
    await tell.each([row for it in await _propose.each(list(proposals.values())) for row in told[it]])
    return [results[id(it)] for it in filings]


def _key(it: Filing) -> VersionKey:
    return VersionKey(it.document.service, it.document.chart.version)


def images_of(release: int, document: Waybill) -> Iterator[NewImage]:
    for image in document.images:
        yield NewImage(release, image.name, None, image.digest)
        for platform, digest in image.manifests.items():
            if digest != image.digest:
                yield NewImage(release, image.name, platform, digest)


def commits_of(document: Waybill) -> set[str]:
    """That a release names, beside the one that it was made of."""
    source = document.source
    changes = () if source.changes is UNSET else source.changes
    return {source.release_commit, *(it.commit for it in changes)} - {source.commit}


def _row(it: Filing, one: FirstWaybill) -> NewRelease:
    """`one`: the same as number 1."""
    document, whole = it.document, it.text.decode()
    source, brief = document.source, None
    if source.changes is not UNSET:
        brief = encode(structs.replace(document, source=structs.replace(source, changes=UNSET))).decode()
    return NewRelease(
        *_key(it),
        sha256=sha256_of_one(one),
        document=encode(one).decode(),
        image_digest=one.image.digest,
        chart_name=document.chart.name,
        chart_digest=document.chart.digest,
        source_commit=source.commit,
        recorded_at=it.now,
        waybill=brief or whole,
        whole=whole if brief else None,
        identity=it.sha256,
        commits=len(commits_of(document)),
        committed_at=committed_at(whole),
    )


def _part(gitops: FirstGitops) -> tuple[str, str]:
    """The SHA-256 and the text of a proposal, as number 1 has it: of one commit there is one proposal, in whatever
    number it is filed."""
    text = encode(gitops)
    return hashlib.sha256(text).hexdigest(), text.decode()
