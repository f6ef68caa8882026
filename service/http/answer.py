"""An answer that is already JSON, as an ASGI application that sends it.

For the most frequent requests: Litestar's own Response costs as much as reading a release from SQLite. The handler's
mark `gives=` names the struct for OpenAPI.
"""

from typing import Any

from litestar.types import Receive, Send


class JsonBytes:
    """`holds`: for how many seconds it may be sent again while nothing is written: see kept.py."""

    __slots__ = ("body", "holds", "status")

    def __init__(self, body: bytes, status: int = 200, holds: float = 0.0) -> None:
        self.body, self.status, self.holds = body, status, holds

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if self.holds and (keep := scope.pop("keep", None)):
            keep(self, scope["path_template"])
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
