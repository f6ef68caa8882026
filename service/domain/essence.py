"""The essence of an event's body: what this ledger reads of it, in Flux's own form.

It means the same as the body, so whatever is derived from it is as derived from the body.
"""

from msgspec.json import Encoder
from msgspec.structs import replace

from .event import METADATA, chart_in, decode, line, parse

LONGEST = 400  # characters of a field; what is longer is cut off, or has no meaning
_encode = Encoder(order="deterministic").encode


def essence_of(body: bytes) -> bytes:
    """The body itself where nothing can be left out."""
    try:
        said = decode(body)
    except (ValueError, RecursionError):
        return body
    it, message = said.involvedObject, line(said.message or "")
    if (chart := chart_in(said.message or "")) and not chart_in(message):
        message = f"{message}\n{chart[0]}"
    essence = replace(
        said,
        involvedObject=replace(
            it, kind=it.kind[:LONGEST], name=it.name[:LONGEST], namespace=(it.namespace or "")[:LONGEST]
        ),
        reason=(said.reason or "")[:LONGEST],
        severity=(said.severity or "info")[:LONGEST],
        message=message,
        metadata={
            key: value[:LONGEST]
            for key, value in (said.metadata or {}).items()
            if key in METADATA and isinstance(value, str)
        },
    )
    short = _encode(essence)
    return short if len(short) < len(body) and parse(short) == parse(body) else body
