"""The waybill as the ledger files it: the finished document of one release.

Texts are bounded and hold no control characters, quotes or backslashes; so both databases keep them alike, and a
document's encoding has a quote for nothing but its keys and values. Unknown fields are refused; a new field raises
the number in `waybill`. The JSON Schema of `Waybill` is `waybill.schema.json`, which is generated from here.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .event import DIGEST

# Python's `$` matches before a last line feed too, JSON Schema's does not: the look-ahead makes them agree.
END = "$(?!\n)"
LABEL = rf"^[a-z0-9]([a-z0-9-]*[a-z0-9])?{END}"
NUMBER = "(0|[1-9][0-9]*)"
PRE = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"

Label = Annotated[str, Meta(pattern=LABEL, max_length=53, description="An RFC 1123 label.")]
EnvironmentName = Annotated[str, Meta(pattern=LABEL, max_length=63, description="An RFC 1123 label.")]
Version = Annotated[
    str,
    Meta(
        pattern=rf"^{NUMBER}\.{NUMBER}\.{NUMBER}(-{PRE}(\.{PRE})*)?{END}",
        max_length=128,
        description="SemVer 2.0.0 without build metadata.",
    ),
]
Digest = Annotated[str, Meta(pattern=rf"^{DIGEST.pattern}{END}")]
Commit = Annotated[str, Meta(pattern=rf"^[a-f0-9]{{40}}{END}")]
Time = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?"
        rf"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]){END}",
        description="RFC 3339.",
        extra_json_schema={"format": "date-time"},
    ),
]
LINE = r'[^\x00-\x1f"\\\x7f-\x9f\u2028\u2029]'
Text = Annotated[str, Meta(pattern=rf"^{LINE}+{END}", max_length=500)]
MaybeEmpty = Annotated[str, Meta(pattern=rf"^{LINE}*{END}", max_length=500)]
Page = Annotated[str, Meta(pattern=rf"^https?://[!#-;=?-\[\]_a-z~]+{END}", max_length=500)]
Platform = Annotated[str, Meta(pattern=rf"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?{END}", max_length=64)]


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """`checked`: the registry was seen to have the image."""

    repository: Text
    digest: Digest
    platforms: Annotated[tuple[Platform, ...], Meta(max_length=64)]
    checked: bool


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """`tag` on `release_commit` reserves the version; `run` is CI's page."""

    repository: Text
    commit: Commit
    committed_at: Time
    release_commit: Commit
    tag: Text
    run: Page | UnsetType = UNSET


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """`archive` is the digest of the .tgz, `digest` that of the manifest in the registry."""

    name: Text
    version: Version
    app_version: MaybeEmpty
    archive: Digest
    repository: Text
    digest: Digest


class Gitops(Struct, frozen=True, forbid_unknown_fields=True):
    """What was proposed where; absent when nothing was."""

    repository: Text
    branch: Text
    commit: Commit
    environments: Annotated[tuple[EnvironmentName, ...], Meta(min_length=1, max_length=64)]
    proposal: Page | UnsetType = UNSET


class Waybill(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One release and how it was made."""

    waybill: Literal[1]
    service: Label
    image: Image
    source: Source
    chart: Chart
    gitops: Gitops | UnsetType = UNSET


class InvalidWaybill(ValueError):
    """What is wrong with a document, and where."""


# What makes a release this one. Everything else may differ between honest repetitions.
IDENTITY = {
    "service": None,
    "image": ("repository", "digest"),
    "source": ("repository", "commit"),
    "chart": ("name", "version", "repository", "archive", "digest"),
}

_decode = msgspec.json.Decoder(Waybill).decode
encode = msgspec.json.Encoder().encode


def parse(body: bytes) -> tuple[Waybill, bytes]:
    """The document and its one encoding, which the ledger keeps. Raises InvalidWaybill."""
    try:
        document = _decode(body)
    except msgspec.MsgspecError as error:
        raise InvalidWaybill(_without_pattern(str(error))) from None
    except UnicodeDecodeError:
        raise InvalidWaybill("it is not UTF-8") from None
    except RecursionError:
        raise InvalidWaybill("it is nested too deeply") from None
    try:
        datetime.fromisoformat(document.source.committed_at)
    except ValueError:
        raise InvalidWaybill("source.committed_at names a day that does not exist") from None
    text = encode(document)
    if body.count(b'"') != text.count(b'"'):
        raise InvalidWaybill("a key is there twice, or text is escaped that needs no escape")
    return document, text


def is_label(name: str) -> bool:
    return len(name) <= 53 and re.search(LABEL, name) is not None


def sha256(document: Waybill) -> str:
    """Hex, over the identity fields in the document's own nesting, as RFC 8785 writes JSON.

    The texts hold nothing that RFC 8785 and msgspec would escape differently, and there are no numbers.
    """
    return hashlib.sha256(_sorted.encode(_identity(document))).hexdigest()


def differing(one: Waybill, other: Waybill) -> list[str]:
    """The identity fields that differ, as `chart.digest`."""
    mine, others = dict(_fields(one)), dict(_fields(other))
    return [name for name, value in mine.items() if others[name] != value]


_sorted = msgspec.json.Encoder(order="sorted")
_PATTERN = re.compile(r"Expected `str` matching regex .* - at", re.DOTALL)


def _without_pattern(message: str) -> str:
    """A reader is better served by the schema than by a regular expression."""
    return _PATTERN.sub("not of the form that /waybill.schema.json gives it - at", message)


def _identity(document: Waybill) -> dict[str, Any]:
    return {
        part: {name: getattr(getattr(document, part), name) for name in names} if names else getattr(document, part)
        for part, names in IDENTITY.items()
    }


def _fields(document: Waybill) -> Iterator[tuple[str, str]]:
    for part, value in _identity(document).items():
        if isinstance(value, dict):
            yield from ((f"{part}.{name}", each) for name, each in value.items())
        else:
            yield part, value
