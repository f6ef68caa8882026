"""How much and how long: a request has a size and a deadline, whatever its sender and the database do."""

import asyncio
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Send

from ..errors import MEDIA_TYPE, Refused, TooSlow, Unavailable

BODY_BYTES = 256 * 1024  # a waybill has 2 KiB, an event of Flux at most some 40
ANSWER_SECONDS = 4.5  # from the request's headers to the end of the answer
RETRY_SECONDS = 2


def limited(app: ASGIApp) -> ASGIApp:
    """Ends what takes too long: 408 while the body has not come, else 503; an answer half sent is cut off."""

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        waits_for_body = started = False

        async def receiving() -> ReceiveMessage:
            nonlocal waits_for_body
            waits_for_body = True
            message = await receive()
            waits_for_body = False
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await app(scope, receiving, sending)
        except TimeoutError:
            if started:
                raise
            await _refuse(TooSlow("The body did not come in time.") if waits_for_body else unavailable(), send)

    return answer


def unavailable() -> Unavailable:
    return Unavailable(
        "The database does not answer.",
        "Send the same request again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


async def _refuse(refused: Refused, send: Send) -> None:
    body = msgspec.json.encode(refused.problem)
    headers = refused.headers | {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
