"""An answer that is already JSON, as an ASGI application that sends it.

For the most frequent requests: Litestar's own Response costs as much as reading a release from SQLite. The handler's
mark `gives=` names the struct for OpenAPI.
"""

from litestar.types import Receive, Scope, Send


class JsonBytes:
    __slots__ = ("body", "status")

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
