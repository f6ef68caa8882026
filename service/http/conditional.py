"""Conditional requests (RFC 9110, 13): an answer has an ETag, and is not sent again to who has it."""

import hashlib
from typing import Any

from litestar import Request
from litestar.response import Response


def conditional(request: Request[Any, Any, Any], body: bytes, media_type: str) -> Response[bytes]:
    """200 with `body`, or 304 where If-None-Match names it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {it.strip().removeprefix("W/") for it in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)
