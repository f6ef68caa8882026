"""Reads a waybill that was sent, of number 1 or 2."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from .forms import CONTROL
from .number_one import FirstWaybill, to_two
from .waybill import Waybill, encode

ACCEPTS = (1, 2)
_WORDS = {"subject", "author", "reason"}
_PATTERN = re.compile(r"Expected `str` matching regex .* - at", re.DOTALL)


class InvalidWaybill(ValueError):
    """What is wrong with a document, and where."""


def parse(body: bytes) -> tuple[Waybill, bytes]:
    """The document, in number 2, and its one encoding. Raises InvalidWaybill."""
    try:
        document = _document(_decode(body.decode()))
        text = encode(document)
    except msgspec.ValidationError as error:
        raise InvalidWaybill(_without_pattern(str(error))) from None
    except UnicodeError:
        raise InvalidWaybill("it is not UTF-8") from None
    except RecursionError:
        raise InvalidWaybill("it is nested too deeply") from None
    except InvalidWaybill:
        raise
    except ValueError as error:
        raise InvalidWaybill(f"it is not JSON: {error}") from None
    _check(document)
    return document, text


def _document(said: Any) -> Waybill:
    if isinstance(said, dict) and said.get("waybill") == 1:
        return to_two(msgspec.convert(said, FirstWaybill))
    return msgspec.convert(said, Waybill)


def _check(document: Waybill) -> None:
    """What a form alone does not say."""
    if document.chart.name != document.service:
        raise InvalidWaybill(f"chart.name is {document.chart.name}, and must be {document.service}, as service")
    if len({image.name for image in document.images}) < len(document.images):
        raise InvalidWaybill("two of images have one name")
    try:
        datetime.fromisoformat(document.source.committed_at).astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC it may be of the year 10000
        raise InvalidWaybill("source.committed_at names a day that does not exist") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise InvalidWaybill("a key is there twice")
    for key in _WORDS & made.keys():
        if isinstance(words := made[key], str):
            made[key] = CONTROL.sub(" ", words)
    return made


_decode = json.JSONDecoder(object_pairs_hook=_object).decode


def _without_pattern(message: str) -> str:
    """A reader is better served by the schema than by a regular expression."""
    return _PATTERN.sub("not of the form that /waybill.schema.json gives it - at", message)
