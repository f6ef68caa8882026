"""An answer that is already JSON, as an ASGI application that sends it.

For the most frequent requests: Litestar's own Response costs as much as reading a release from SQLite. The handler's
mark `gives=` names the struct for OpenAPI.
"""

from collections.abc import Iterable
from typing import Any

from litestar.types import Receive, Send

from .conditional import digest, is_known


class JsonBytes:
    """`holds`: for how many seconds it may be sent again while nothing is written: see kept.py. Such a one has an ETag,
    and is not sent again to who has it."""

    __slots__ = ("_etag", "_headers", "body", "holds", "status")

    def __init__(self, body: bytes, status: int = 200, holds: float = 0.0) -> None:
        self.body, self.status, self.holds = body, status, holds
        self._etag = f'"{digest(body)}"' if holds else ""
        self._headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if self._etag:
            self._headers += [(b"etag", self._etag.encode()), (b"cache-control", b"no-cache")]

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if self.holds and (keep := scope.pop("keep", None)):
            keep(self, scope["path_template"])
        status, headers, body = self.status, self._headers, self.body
        if self._etag and self._is_known(scope["headers"]):
            status, headers, body = 304, headers[2:], b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _is_known(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        for name, value in headers:
            if name == b"if-none-match":
                return is_known(value.decode("latin-1"), self._etag)
        return False
