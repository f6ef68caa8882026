"""The limits of a request: the size of its body, of all bodies together, and the deadline of its answer."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Send

from ..errors import MEDIA_TYPE, Refused, TooSlow, try_again

BODY_BYTES = 256 * 1024  # a waybill has 2 KiB
HOOK_BYTES = 4 * 1024 * 1024  # notification-controller takes 3 MiB and adds metadata to it
ALL_BODIES = 8 * 1024 * 1024  # that are held at one time
ANSWER_SECONDS = 4.5  # from the request's headers to the end of the answer
ROUND_SECONDS = 0.05  # by which an answer may end later
HOOKS = "/hooks/"


class Answer:
    """One that is under way. `due`: its deadline, in the loop's time; `size`: how much of the request's body is held;
    `is_dropped`: that was the largest when all bodies had no room any more."""

    __slots__ = (
        *("due", "has_begun", "is_dropped", "is_late", "is_over", "size", "task", "waits_for_body"),
        *("_receive", "_send"),
    )

    def __init__(self, due: float, receive: Receive, send: Send) -> None:
        self.due, self.size = due, 0
        self.has_begun = self.is_dropped = self.is_late = self.is_over = self.waits_for_body = False
        self.task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment] # there is one
        self._receive, self._send = receive, send

    async def receive(self) -> ReceiveMessage:
        self.waits_for_body = True
        message = await self._receive()
        self.waits_for_body = False
        if message["type"] == "http.request" and (size := len(message["body"])):
            BODIES.add(self, size)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        self.has_begun = True
        return self._send(message)

    def end(self) -> None:
        """What makes it is cancelled, where it waits."""
        if not self.is_over and not self.is_late:
            self.is_late = True
            self.task.cancel()

    def drop(self) -> None:
        self.is_dropped = True
        asyncio.get_running_loop().call_soon(self.end)  # then its task waits, also if it is this one


class Bodies:
    """Those of all requests that have no answer yet. The largest makes room: so nobody who sends much keeps a small
    one out."""

    def __init__(self, most: int) -> None:
        self._most, self._size, self._held = most, 0, set[Answer]()

    def add(self, answer: Answer, size: int) -> None:
        answer.size += size
        self._size += size
        self._held.add(answer)
        while self._size > self._most:
            largest = max(self._held, key=lambda it: it.size)
            self.remove(largest)
            largest.drop()

    def remove(self, answer: Answer) -> None:
        if answer in self._held:
            self._held.remove(answer)
            self._size -= answer.size


BODIES = Bodies(ALL_BODIES)


class Deadlines:
    """Those of the answers under way. One timer looks at all of them: with an `asyncio.timeout` for each, all limits
    together added 7 microseconds to a request, and add 3 so."""

    def __init__(self) -> None:
        self._answers = set[Answer]()
        self._loop: asyncio.AbstractEventLoop | None = None  # on which the timer runs; None: nothing is under way

    def begin(self, receive: Receive, send: Send) -> Answer:
        loop = asyncio.get_running_loop()
        answer = Answer(loop.time() + ANSWER_SECONDS, receive, send)
        self._answers.add(answer)
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(ROUND_SECONDS, self._look, loop)
        return answer

    def over(self, answer: Answer) -> bool:
        """Whether its deadline has ended it, and nothing else did."""
        answer.is_over = True
        self._answers.discard(answer)
        BODIES.remove(answer)
        return answer.is_late and not answer.task.uncancel()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for answer in self._answers:
            if answer.due <= now:
                answer.end()
        self._loop = loop if self._answers else None
        if self._answers:
            loop.call_later(ROUND_SECONDS, self._look, loop)


def with_deadline(app: ASGIApp) -> ASGIApp:
    """Past the deadline: 408 if the body has not arrived, else 503; an answer that has begun is cut off."""
    deadlines = Deadlines()

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        it = scope["answer"] = deadlines.begin(receive, send)
        cancelled: asyncio.CancelledError | None = None
        try:
            await app(scope, it.receive, it.send)
        except asyncio.CancelledError as error:
            cancelled = error
        finally:
            del scope["answer"]  # a circle of references, which the garbage collector would have to find
            is_late = deadlines.over(it)
        if cancelled is None:
            return
        if not is_late:
            raise cancelled
        if it.has_begun:
            raise TimeoutError
        missing = _body_missing if it.waits_for_body else _answer_missing
        await _refuse(_too_many_bodies() if it.is_dropped else missing(), scope["path"], send)

    return answer


def extend(scope: Any, seconds: float) -> None:
    """Gives the answer to this request at least so much time from now on."""
    answer: Answer = scope["answer"]
    answer.due = max(answer.due, asyncio.get_running_loop().time() + seconds)


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
