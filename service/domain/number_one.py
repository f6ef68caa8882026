"""Number 1 of the waybill, which had one image and no places.

It is still taken, from release tools before number 2, and becomes number 2. A ledger before number 2 reads the same
database, so number 2 is also kept as number 1: with its first image, and without what that number has no field for.
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .forms import END, Commit, Digest, EnvironmentName, Label, Page, Text, Time
from .waybill import By, Chart, Destination, Gitops, Image, PullRequest, Source, Waybill

FIRST_PLATFORM = rf"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?{END}"
FirstPlatform = Annotated[str, Meta(pattern=FIRST_PLATFORM, max_length=64)]


class FirstImage(Struct, frozen=True, forbid_unknown_fields=True):
    repository: Text
    digest: Digest
    platforms: Annotated[tuple[FirstPlatform, ...], Meta(max_length=64)]
    checked: bool


class FirstSource(Struct, frozen=True, forbid_unknown_fields=True):
    repository: Text
    commit: Commit
    committed_at: Time
    release_commit: Commit
    tag: Text
    run: Page | UnsetType = UNSET


class FirstGitops(Struct, frozen=True, forbid_unknown_fields=True):
    repository: Text
    branch: Text
    commit: Commit
    environments: Annotated[tuple[EnvironmentName, ...], Meta(min_length=1, max_length=64)]
    proposal: Page | UnsetType = UNSET


class FirstWaybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    waybill: Literal[1]
    service: Label
    image: FirstImage
    source: FirstSource
    chart: Chart
    gitops: FirstGitops | UnsetType = UNSET


decode = msgspec.json.Decoder(FirstWaybill).decode
decode_gitops = msgspec.json.Decoder(FirstGitops).decode


def to_two(it: FirstWaybill) -> Waybill:
    """Which manifests the image has, where in an environment it was proposed, and of what kind that was, number 1 did
    not say."""
    image, source = it.image, it.source
    return Waybill(
        waybill=2,
        service=it.service,
        images=(Image(it.service, image.repository, image.digest, {}, image.checked),),
        source=Source(source.repository, source.commit, source.committed_at, source.release_commit, source.tag),
        chart=it.chart,
        gitops=gitops_to_two(it.gitops) if it.gitops else UNSET,
        by=By(run=source.run) if source.run else UNSET,
    )


def gitops_to_two(it: FirstGitops) -> Gitops:
    return Gitops(
        it.repository,
        it.branch,
        it.commit,
        tuple(Destination(environment, None) for environment in it.environments),
        proposal=PullRequest(it.proposal) if it.proposal else UNSET,
    )


def from_two(it: Waybill) -> FirstWaybill:
    image, source = it.images[0], it.source
    platforms = tuple(name for name in image.manifests if re.search(FIRST_PLATFORM, name))
    return FirstWaybill(
        waybill=1,
        service=it.service,
        image=FirstImage(image.repository, image.digest, platforms, image.checked),
        source=FirstSource(
            source.repository,
            source.commit,
            source.committed_at,
            source.release_commit,
            source.tag,
            it.by.run if it.by else UNSET,
        ),
        chart=it.chart,
        gitops=gitops_from_two(it.gitops) if it.gitops else UNSET,
    )


def gitops_from_two(it: Gitops) -> FirstGitops:
    environments = tuple(dict.fromkeys(place.environment for place in it.places))
    return FirstGitops(
        it.repository, it.branch, it.commit, environments[:64], it.proposal.url if it.proposal else UNSET
    )
