"""An answer whose JSON is ready: an ASGI application that sends it.

For the requests that are asked most. Litestar's own Response costs as much as reading a release from SQLite does.
What such a handler gives is told to OpenAPI by its mark `gives=`.
"""

from litestar.types import Receive, Scope, Send


class ReadyJson:
    __slots__ = ("body", "status")

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
