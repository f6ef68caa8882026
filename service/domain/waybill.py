"""The waybill as the ledger keeps it: the finished document of one release.

Unknown fields are refused; a new field raises the number in `waybill`. The JSON Schema of `Waybill` is
`waybill.schema.json`, which is generated from here. Number 1 is taken too, and becomes number 2 (number_one.py).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .forms import (
    Commit,
    Count,
    Digest,
    EnvironmentName,
    Label,
    MaybeEmpty,
    Page,
    PlaceName,
    Platform,
    Text,
    Time,
    Version,
    Words,
)


class Verified(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose signature was verified, and what it states."""

    by: Text
    predicate: Text


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """`name` is unique in a release. `manifests`: the digests of an index's manifests, or of the one image, by
    `os[(os.version)]/architecture[/variant]`, with `#2` and so on where an index has several of one; empty: not known.
    `checked`: the registry was seen to have the image."""

    name: EnvironmentName
    repository: Text
    digest: Digest
    manifests: Annotated[dict[Platform, Digest], Meta(max_length=64)]
    checked: bool
    verified: Verified | UnsetType = UNSET

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


class SourceChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A commit; `subject` is its first line."""

    commit: Commit
    subject: Words
    author: Words | UnsetType = UNSET


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """`tag` on `release_commit` reserves the version. `changes` since the release `since`, newest first; older ones are
    only counted, in `changes_left_out`."""

    repository: Text
    commit: Commit
    committed_at: Time
    release_commit: Commit
    tag: Text
    since: Version | UnsetType = UNSET
    changes: Annotated[tuple[SourceChange, ...], Meta(max_length=100)] | UnsetType = UNSET
    changes_left_out: Count | UnsetType = UNSET


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """`name` equals `service`. `archive` is the digest of the .tgz, `digest` that of the manifest in the registry."""

    name: Text
    version: Version
    app_version: MaybeEmpty
    archive: Digest
    repository: Text
    digest: Digest


class Artifact(Struct, frozen=True, forbid_unknown_fields=True):
    """The manifests as a Flux OCI artifact; `revision` as Flux reports it."""

    repository: Text
    digest: Digest
    revision: Text


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """A HelmRelease that the proposal writes; `place` null: it was not known where the proposal was made. `overridden`:
    it runs other images than those of the release, or none of them, and that was allowed."""

    environment: EnvironmentName
    place: PlaceName | None
    overridden: bool | UnsetType = UNSET


class PullRequest(Struct, frozen=True, forbid_unknown_fields=True):
    url: Page
    number: Count | UnsetType = UNSET


class Gitops(Struct, frozen=True, forbid_unknown_fields=True):
    """What was proposed where; absent when nothing was. `replaces`: the version that this pull request proposed before,
    which can then not arrive any more. `kind` is absent in what was number 1, which did not tell a rollback."""

    repository: Text
    branch: Text
    commit: Commit
    places: Annotated[tuple[Destination, ...], Meta(min_length=1, max_length=256)]
    replaces: Version | UnsetType = UNSET
    kind: Literal["ship", "promote", "rollback"] | UnsetType = UNSET
    reason: Words | UnsetType = UNSET
    proposal: PullRequest | UnsetType = UNSET


class By(Struct, frozen=True, forbid_unknown_fields=True):
    """Who or what made the release and its proposal; `run` is CI's page."""

    actor: Text | UnsetType = UNSET
    run: Page | UnsetType = UNSET


class Waybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One release and how it was made."""

    waybill: Literal[2]
    service: Label
    images: Annotated[tuple[Image, ...], Meta(min_length=1, max_length=64)]
    source: Source
    chart: Chart
    artifact: Artifact | UnsetType = UNSET
    gitops: Gitops | UnsetType = UNSET
    by: By | UnsetType = UNSET


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Waybill).decode
