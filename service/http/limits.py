"""The limits of a request: the size of its body, of all bodies together, and the deadline of its answer."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Send

from ..errors import MEDIA_TYPE, Refused, TooSlow, try_again

BODY_BYTES = 256 * 1024  # a waybill has 2 KiB
HOOK_BYTES = 4 * 1024 * 1024  # notification-controller takes 3 MiB and adds metadata to it
ALL_BODIES = 8 * 1024 * 1024  # that are held at one time
ANSWER_SECONDS = 4.5  # from the request's headers to the end of the answer
HOOKS = "/hooks/"


class Body:
    """How much of a request's body is held. `is_dropped`: it was the largest when all had no room any more."""

    def __init__(self, deadline: asyncio.Timeout) -> None:
        self.size, self.is_dropped, self._deadline = 0, False, deadline

    def drop(self) -> None:
        self.is_dropped = True
        self._deadline.reschedule(asyncio.get_running_loop().time())


class Bodies:
    """Those of all requests that have no answer yet. The largest makes room: so nobody who sends much keeps a small
    one out."""

    def __init__(self, most: int) -> None:
        self._most, self._size, self._held = most, 0, set[Body]()

    def add(self, body: Body, size: int) -> None:
        body.size += size
        self._size += size
        self._held.add(body)
        while self._size > self._most:
            largest = max(self._held, key=lambda it: it.size)
            self.remove(largest)
            largest.drop()

    def remove(self, body: Body) -> None:
        if body in self._held:
            self._held.remove(body)
            self._size -= body.size


BODIES = Bodies(ALL_BODIES)


def with_deadline(app: ASGIApp) -> ASGIApp:
    """Past the deadline: 408 if the body has not arrived, else 503; an answer that has begun is cut off."""

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        waits_for_body = started = False
        body: Body | None = None

        async def receiving() -> ReceiveMessage:
            nonlocal waits_for_body, body
            waits_for_body = True
            message = await receive()
            waits_for_body = False
            if message["type"] == "http.request" and (size := len(message["body"])):
                body = body or Body(deadline)
                BODIES.add(body, size)
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(ANSWER_SECONDS) as deadline:
                scope["deadline"] = deadline
                await app(scope, receiving, sending)
        except TimeoutError:
            if started:
                raise
            if body and body.is_dropped:
                await _refuse(_too_many_bodies(), scope["path"], send)
            else:
                await _refuse(_body_missing() if waits_for_body else _answer_missing(), scope["path"], send)
        finally:
            if body:
                BODIES.remove(body)

    return answer


def extend(scope: Any, seconds: float) -> None:
    """Gives the answer to this request at least so much time from now on."""
    deadline: asyncio.Timeout = scope["deadline"]
    deadline.reschedule(max(deadline.when() or 0, asyncio.get_running_loop().time() + seconds))


def _body_missing() -> Refused:
    return TooSlow(f"The body did not arrive within {ANSWER_SECONDS} seconds.")


def _too_many_bodies() -> Refused:
    return try_again(f"The bodies of all requests together are larger than {ALL_BODIES} bytes.")


def _answer_missing() -> Refused:
    return try_again(f"The answer was not ready within {ANSWER_SECONDS} seconds.")


def rendered(refused: Refused) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of an answer after which the connection ends."""
    body = msgspec.json.encode(refused.problem)
    headers = refused.headers | {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
    return refused.status, [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


async def _refuse(refused: Refused, path: str, send: Send) -> None:
    refused.headers = without_retry(refused.headers, path)
    status, headers, body = rendered(refused)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def without_retry(headers: Mapping[str, str], path: str) -> dict[str, str]:
    """What an answer's headers may be at `path`. A webhook's have no Retry-After: Flux would sleep exactly that long
    and may then give up, and without it tries again by itself (go-retryablehttp in notification-controller)."""
    return {name: value for name, value in headers.items() if name != "Retry-After" or not path.startswith(HOOKS)}
