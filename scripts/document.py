"""The waybill: one JSON document that travels with a release, each step adding what it did.

A part that no step has written yet is absent (`msgspec.UNSET`); unknown fields are refused. The finished form is
described by the ledger's `waybill.schema.json`. A contract test holds the two together, form by form: what could not
be filed in the end is refused before anything is published.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

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
Page = Annotated[str, Meta(pattern=rf"^https?://[!#-;=?-\[\]_a-z~]+{END}", max_length=500)]
Platform = Annotated[str, Meta(pattern=rf"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?{END}", max_length=64)]


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """`platforms` are `os/architecture[/variant]`; `checked`: the registry was seen to have the image."""

    repository: Text
    digest: Digest
    platforms: Annotated[tuple[Platform, ...], Meta(max_length=64)]
    checked: bool


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """`committed_at` is RFC 3339 in UTC; `tag` on `release_commit` reserves the version; `run` is CI's page."""

    repository: Text
    commit: Commit
    committed_at: Time
    release_commit: Commit | UnsetType = UNSET
    tag: Text | UnsetType = UNSET
    run: Page | UnsetType = UNSET


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """`repository` is `oci://host/path` without the chart's name, absent where none is configured; `archive` is the
    digest of the .tgz (package), `digest` that of the OCI manifest (publish)."""

    name: Text
    version: Version
    app_version: MaybeEmpty
    repository: Text | UnsetType = UNSET
    archive: Digest | UnsetType = UNSET
    digest: Digest | UnsetType = UNSET


class Gitops(Struct, frozen=True, forbid_unknown_fields=True):
    repository: Text
    branch: Text
    commit: Commit
    environments: Annotated[tuple[EnvironmentName, ...], Meta(min_length=1, max_length=64)]
    proposal: Page | UnsetType = UNSET


class Waybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    waybill: Literal[1] = 1
    service: Label
    image: Image
    source: Source
    chart: Chart | UnsetType = UNSET
    gitops: Gitops | UnsetType = UNSET


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def chart_of(waybill: Waybill) -> Chart:
    """The chart that bump named."""
    if waybill.chart is UNSET:
        raise Refused("The waybill names no chart version.", "Run `waybill bump --image ...` first.", fault="you")
    return waybill.chart


def dump(waybill: Waybill) -> bytes:
    return msgspec.json.format(msgspec.json.encode(waybill), indent=2) + b"\n"


def load(path: Path) -> Waybill | None:
    """The waybill at `path`, None where there is none; one that cannot be read is refused."""
    try:
        return msgspec.json.decode(folder.read(path), type=Waybill)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(
            f"{path} is no waybill: {error}.",
            "Remove the file: the next ship writes it again from the tag and the registry.",
            fault="you",
        ) from error


def check(waybill: Waybill) -> None:
    """Refuses a waybill that no ledger would file."""
    try:
        msgspec.json.decode(msgspec.json.encode(waybill), type=Waybill)
    except msgspec.ValidationError as error:
        raise Refused(
            f"The waybill of {waybill.service} would hold a value that no ledger accepts: {error}.",
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
    return structs.replace(new, chart=old.chart, gitops=old.gitops)


def _bumped(waybill: Waybill) -> tuple[object, ...]:
    image, chart = waybill.image, structs.replace(chart_of(waybill), archive=UNSET, digest=UNSET)
    return waybill.service, image.repository, image.digest, waybill.source.release_commit, chart
