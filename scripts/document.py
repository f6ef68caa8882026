"""The waybill: one JSON document that travels with a release, each step adding what it did.

A part that no step has written yet is absent (`msgspec.UNSET`); unknown fields are refused. The finished form is
described by the ledger's `waybill.schema.json`. A contract test holds the two together, form by form: what could not
be filed in the end is refused before anything is published.
"""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from . import folder
from .errors import Refused

# Python's `$` matches before a last line feed too, JSON Schema's does not: the look-ahead makes them agree.
END = "$(?!\n)"
LABEL = rf"^[a-z0-9]([a-z0-9-]*[a-z0-9])?{END}"
NUMBER = "(0|[1-9][0-9]*)"
PRE = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
LINE = r'[^\x00-\x1f"\\\x7f-\x9f\u2028\u2029]'

Label = Annotated[str, Meta(pattern=LABEL, max_length=53)]
EnvironmentName = Annotated[str, Meta(pattern=LABEL, max_length=63)]
Version = Annotated[
    str, Meta(pattern=rf"^{NUMBER}\.{NUMBER}\.{NUMBER}(-{PRE}(\.{PRE})*)?{END}", max_length=128)
]  # SemVer 2.0.0 without build metadata
Digest = Annotated[str, Meta(pattern=rf"^sha256:[a-f0-9]{{64}}{END}")]
Commit = Annotated[str, Meta(pattern=rf"^[a-f0-9]{{40}}{END}")]
Time = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?"
        rf"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]){END}"
    ),
]
Text = Annotated[str, Meta(pattern=rf"^{LINE}+{END}", max_length=500)]
MaybeEmpty = Annotated[str, Meta(pattern=rf"^{LINE}*{END}", max_length=500)]
Words = Annotated[str, Meta(max_length=200)]
Page = Annotated[str, Meta(pattern=rf"^https?://[!#-;=?-\[\]_a-z~]+{END}", max_length=500)]
Platform = Annotated[
    str,
    Meta(pattern=rf"^[a-z0-9]+(\([A-Za-z0-9_.-]+\))?/[a-z0-9_]+(/[a-z0-9]+)?(#[1-9][0-9]?)?{END}", max_length=64),
]
PlaceName = Annotated[
    str, Meta(pattern=rf"^[a-z0-9]([a-z0-9-]*[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?{END}", max_length=317)
]
Count = Annotated[int, Meta(ge=0)]
LARGEST = 256 * 1024  # bytes that a ledger takes
# What ends a line or steers a terminal, and halves of characters, which no encoding has.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Verified(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose signature was verified, and what it states."""

    by: Text
    predicate: Text


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """`manifests` are the digests of an index's manifests, or of the one image, by `os/architecture[/variant]`; empty:
    they are not known. `checked`: the registry was seen to have the image."""

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
    """`committed_at` is RFC 3339 in UTC; `tag` on `release_commit` reserves the version. `changes` since the release
    `since`, newest first; older ones are only counted, in `changes_left_out`."""

    repository: Text
    commit: Commit
    committed_at: Time
    release_commit: Commit | UnsetType = UNSET
    tag: Text | UnsetType = UNSET
    since: Version | UnsetType = UNSET
    changes: Annotated[tuple[SourceChange, ...], Meta(max_length=100)] | UnsetType = UNSET
    changes_left_out: Count | UnsetType = UNSET


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """`name` is the service's. `repository` is `oci://host/path` without it, absent where none is configured; `archive`
    is the digest of the .tgz (package), `digest` that of the OCI manifest (publish)."""

    name: Text
    version: Version
    app_version: MaybeEmpty
    repository: Text | UnsetType = UNSET
    archive: Digest | UnsetType = UNSET
    digest: Digest | UnsetType = UNSET


class Artifact(Struct, frozen=True, forbid_unknown_fields=True):
    """The manifests as a Flux OCI artifact; `revision` as Flux reports it."""

    repository: Text
    digest: Digest
    revision: Text


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """A HelmRelease that the proposal writes; `place` is `namespace/name`, None where that is not known from here.
    `overridden`: it runs other images than those of the release, or none of them, and that was allowed."""

    environment: EnvironmentName
    place: PlaceName | None
    overridden: bool | UnsetType = UNSET


class PullRequest(Struct, frozen=True, forbid_unknown_fields=True):
    url: Page
    number: Count | UnsetType = UNSET


class Gitops(Struct, frozen=True, forbid_unknown_fields=True):
    """`replaces`: the version that this pull request proposed before. `kind` is absent in what Waybill wrote before it
    had this field."""

    repository: Text
    branch: Text
    commit: Commit
    places: Annotated[tuple[Destination, ...], Meta(min_length=1, max_length=256)]
    replaces: Version | UnsetType = UNSET
    kind: Literal["ship", "promote", "rollback"] | UnsetType = UNSET
    reason: Words | UnsetType = UNSET
    proposal: PullRequest | UnsetType = UNSET

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(it.environment for it in self.places))


class By(Struct, frozen=True, forbid_unknown_fields=True):
    """Who or what made the release or the proposal; `run` is CI's page."""

    actor: Text | UnsetType = UNSET
    run: Page | UnsetType = UNSET


class Waybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    waybill: Literal[2] = 2
    service: Label
    images: Annotated[tuple[Image, ...], Meta(min_length=1, max_length=64)]
    source: Source
    chart: Chart | UnsetType = UNSET
    artifact: Artifact | UnsetType = UNSET
    gitops: Gitops | UnsetType = UNSET
    by: By | UnsetType = UNSET


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def words(text: str) -> str:
    """`text` as a subject, an author or a reason is kept: control characters become spaces; what is cut off at the end
    leaves an ellipsis."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= 200 else f"{line[:199]}\N{HORIZONTAL ELLIPSIS}"


def chart_of(waybill: Waybill) -> Chart:
    """The chart that bump named."""
    if waybill.chart is UNSET:
        raise Refused("The waybill names no chart version.", "Run `waybill bump --image ...` first.", fault="you")
    return waybill.chart


def dump(waybill: Waybill) -> bytes:
    return msgspec.json.format(msgspec.json.encode(waybill), indent=2) + b"\n"


def parse(data: bytes) -> Waybill:
    """Raises MsgspecError for what no ledger would file, but for parts that later steps add."""
    waybill = msgspec.json.decode(data, type=Waybill)
    if waybill.chart is not UNSET and waybill.chart.name != waybill.service:
        raise msgspec.ValidationError(f"chart.name is {waybill.chart.name}, and must be {waybill.service}, the service")
    if len({image.name for image in waybill.images}) < len(waybill.images):
        raise msgspec.ValidationError("two of images have one name")
    return waybill


def why(error: Exception) -> str:
    """`error` of reading a waybill, without the regular expression that a value does not match."""
    return re.sub(
        r"Expected `str` matching regex '.*'(?= - at |$)", "The text has a wrong form", str(error), flags=re.S
    )


def load(path: Path) -> Waybill | None:
    """The waybill at `path`; None where there is none, or one of number 1, which an older Waybill wrote and bump
    writes anew. One that cannot be read is refused."""
    try:
        data = folder.read(path)
    except FileNotFoundError:
        return None
    try:
        return None if _number(data) == 1 else parse(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(
            f"{path} is no waybill: {why(error)}.",
            "Remove the file: the next ship writes it again from the tag and the registry.",
            fault="you",
        ) from error


def check(waybill: Waybill) -> None:
    """Refuses a waybill that no ledger would file."""
    text = msgspec.json.encode(waybill)
    if len(text) > LARGEST:
        raise Refused(
            f"The waybill of {waybill.service} would have {len(text):,} bytes, and a ledger takes {LARGEST:,}.",
            "Release fewer images, or images of fewer platforms, together.",
            fault="you",
        )
    try:
        parse(text)
    except msgspec.ValidationError as error:
        raise Refused(
            f"The waybill of {waybill.service} would hold a value that no ledger accepts: {why(error)}.",
            "Correct the value where it comes from: waybill.toml, a flag, Chart.yaml or a variable of CI.",
            fault="you",
        ) from error


def save(path: Path, waybill: Waybill) -> None:
    check(waybill)
    folder.write(path, dump(waybill))


def continued(old: Waybill | None, new: Waybill) -> Waybill:
    """`new`, as bump made it, with what later steps added to `old` where that is the same release."""
    if old is None or old.chart is UNSET or _bumped(old) != _bumped(new):
        return new
    return structs.replace(new, chart=old.chart, artifact=old.artifact, gitops=old.gitops)


def _bumped(waybill: Waybill) -> tuple[object, ...]:
    images, chart = waybill.images, structs.replace(chart_of(waybill), archive=UNSET, digest=UNSET)
    return waybill.service, [(it.name, str(it)) for it in images], waybill.source.release_commit, chart


class _Number(Struct):
    waybill: Any = None


def _number(data: bytes) -> Any:
    return msgspec.json.decode(data, type=_Number).waybill
