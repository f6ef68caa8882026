"""What makes a release this one. Everything else may differ between honest repetitions."""

import hashlib
from typing import Any

import msgspec

from .number_one import FirstWaybill
from .waybill import Waybill

SOURCE = ("repository", "commit")
CHART = ("name", "version", "repository", "archive", "digest")
IMAGE = ("name", "repository", "digest")


def sha256(document: Waybill) -> str:
    """Hex, over the identity fields in the document's own nesting, images by name, as RFC 8785 writes JSON.

    The texts hold nothing that RFC 8785 and msgspec would escape differently, and there are no numbers.
    """
    images = [_fields(it, IMAGE) for it in sorted(document.images, key=lambda it: it.name)]
    return _hex({"images": images, **_common(document)})


def sha256_of_one(document: FirstWaybill) -> str:
    """As a ledger before number 2 has it."""
    return _hex({"image": _fields(document.image, IMAGE[1:]), **_common(document)})


def differing(one: Waybill, other: Waybill) -> list[str]:
    """The identity fields that differ, as `chart.digest` and `images.NAME.digest`."""
    mine, others = _flat(one), _flat(other)
    return [name for name in {**mine, **others} if mine.get(name) != others.get(name)]


def _common(document: Waybill | FirstWaybill) -> dict[str, Any]:
    return {
        "service": document.service,
        "source": _fields(document.source, SOURCE),
        "chart": _fields(document.chart, CHART),
    }


def _flat(document: Waybill) -> dict[str, str]:
    parts = {f"images.{it.name}": _fields(it, IMAGE[1:]) for it in document.images}
    parts |= {"source": _fields(document.source, SOURCE), "chart": _fields(document.chart, CHART)}
    return {f"{part}.{name}": value for part, fields in parts.items() for name, value in fields.items()}


def _fields(part: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {name: getattr(part, name) for name in names}


def _hex(identity: dict[str, Any]) -> str:
    return hashlib.sha256(_sorted.encode(identity)).hexdigest()


_sorted = msgspec.json.Encoder(order="sorted")
