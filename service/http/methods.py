"""HEAD and OPTIONS (RFC 9110, 9.3.2 and 9.3.7): HEAD is answered as GET, without the body; OPTIONS says what may be
sent."""

from collections.abc import Awaitable
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Send

ALL = b"GET, HEAD, OPTIONS, POST"
NONE = "TRACE"  # no route has it, so it is refused with the methods that there are


def with_methods(app: ASGIApp) -> ASGIApp:
    def answer(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
            return app(scope, receive, _as_head(scope, send))
        if scope["method"] != "OPTIONS":
            return app(scope, receive, send)
        if scope["path"] == "*":  # the ledger as a whole
            return _allow(ALL, send)
        # Litestar's own answer to OPTIONS leaves methods out where one path has several handlers.
        scope["method"] = NONE
        return app(scope, receive, _as_options(scope, send))

    return answer


def _as_head(scope: Any, send: Send) -> Send:
    async def sending(message: Message) -> None:
        scope["method"] = "HEAD"  # for the log, and for the server, which then sends no body
        await send(message)

    return sending


def _as_options(scope: Any, send: Send) -> Send:
    is_answered = False

    async def sending(message: Message) -> None:
        nonlocal is_answered
        scope["method"] = "OPTIONS"
        if message["type"] == "http.response.start" and message["status"] == 405:
            is_answered = True
            await _allow(dict(message["headers"])[b"allow"], send)
        elif not is_answered:
            await send(message)

    return sending


async def _allow(methods: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", methods)]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def with_head(methods: str) -> str:
    """The value of Allow, with HEAD where GET is."""
    several = {it.strip() for it in methods.split(",")}
    return ", ".join(sorted(several | {"HEAD"} if "GET" in several else several))
