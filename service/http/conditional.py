"""Conditional requests (RFC 9110, 13): an answer has an ETag, and is not sent again to who has it. It is compressed for
who takes that."""

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.response import Response

WORTHWHILE = 1000  # bytes from which on an answer is compressed


def conditional(
    request: Request[Any, Any, Any],
    body: bytes,
    media_type: str,
    tag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """200 with `body`, or 304 where If-None-Match names it. `tag`: the same for bodies that mean the same."""
    etag = f'W/"{tag}"' if tag else f'"{digest(body)}"'
    sent = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", **(headers or {})}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return Response(b"", status_code=304, headers=sent, media_type=media_type)
    if len(body) >= WORTHWHILE and _takes_gzip(request.headers.get("accept-encoding", "")):
        body, sent = gzip.compress(body, 6, mtime=0), {**sent, "Content-Encoding": "gzip"}
    return Response(body, headers=sent, media_type=media_type)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the value of If-None-Match names an answer; strong and weak tags are compared as equals."""
    known = {it.strip().removeprefix("W/") for it in if_none_match.split(",")}
    return not known.isdisjoint((etag.removeprefix("W/"), "*"))


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _takes_gzip(accepted: str) -> bool:
    coded = {name.strip().lower(): weight for name, _, weight in (it.partition(";") for it in accepted.split(","))}
    weight = coded.get("gzip", "q=0").strip()
    return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
