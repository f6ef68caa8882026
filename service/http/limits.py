"""The limits of a request: the size of its body, and the deadline of its answer."""

import asyncio
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Send

from ..errors import MEDIA_TYPE, Refused, TooSlow, try_again

BODY_BYTES = 256 * 1024  # a waybill has 2 KiB, an event of Flux at most some 40
ANSWER_SECONDS = 4.5  # from the request's headers to the end of the answer


def with_deadline(app: ASGIApp) -> ASGIApp:
    """Past the deadline: 408 if the body has not arrived, else 503; an answer that has begun is cut off."""

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
            await _refuse(_body_missing() if waits_for_body else _answer_missing(), send)

    return answer


def _body_missing() -> Refused:
    return TooSlow(f"The body did not arrive within {ANSWER_SECONDS} seconds.")


def _answer_missing() -> Refused:
    return try_again(f"The answer was not ready within {ANSWER_SECONDS} seconds.")


async def _refuse(refused: Refused, send: Send) -> None:
    body = msgspec.json.encode(refused.problem)
    headers = refused.headers | {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
