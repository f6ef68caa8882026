"""The waybill: one JSON document that travels with a release, each step adding what it did.

A part that no step has written yet is absent (`msgspec.UNSET`); unknown fields are refused. The finished form is
described by the ledger's `waybill.schema.json`; a contract test holds the two together.
"""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from .errors import Refused

Digest = Annotated[str, Meta(pattern=r"^sha256:[a-f0-9]{64}$")]
Commit = Annotated[str, Meta(pattern=r"^[a-f0-9]{40}$")]


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """`platforms` are `os/architecture[/variant]`; `checked` is false when the registry was not asked."""

    repository: str
    digest: Digest
    platforms: tuple[str, ...]
    checked: bool


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """`committed_at` is RFC 3339 in UTC; `tag` on `release_commit` reserves the version; `run` is CI's page."""

    repository: str
    commit: Commit
    committed_at: str
    release_commit: Commit | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    run: str | UnsetType = UNSET


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """`repository` is `oci://host/path` without the chart's name, absent where none is configured; `archive` is the
    digest of the .tgz (package), `digest` that of the OCI manifest (publish)."""

    name: str
    version: str
    app_version: str
    repository: str | UnsetType = UNSET
    archive: Digest | UnsetType = UNSET
    digest: Digest | UnsetType = UNSET


class Gitops(Struct, frozen=True, forbid_unknown_fields=True):
    repository: str
    branch: str
    commit: Commit
    environments: tuple[str, ...]
    proposal: str | UnsetType = UNSET


class Waybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    waybill: Literal[1] = 1
    service: str
    image: Image
    source: Source
    chart: Chart | UnsetType = UNSET
    gitops: Gitops | UnsetType = UNSET


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
        return msgspec.json.decode(path.read_bytes(), type=Waybill)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(
            f"{path} is no waybill: {error}.",
            "Remove the file: the next ship writes it again from the tag and the registry.",
            fault="you",
        ) from error


def save(path: Path, waybill: Waybill) -> None:
    """Replaces the file in one step, so that a killed run leaves the old waybill or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(dump(waybill))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def continued(old: Waybill | None, new: Waybill) -> Waybill:
    """`new`, as bump made it, with what later steps added to `old` where that is the same release."""
    if old is None or old.chart is UNSET or _bumped(old) != _bumped(new):
        return new
    return structs.replace(new, chart=old.chart, gitops=old.gitops)


def _bumped(waybill: Waybill) -> tuple[object, ...]:
    image, chart = waybill.image, structs.replace(chart_of(waybill), archive=UNSET, digest=UNSET)
    return waybill.service, image.repository, image.digest, waybill.source.release_commit, chart
