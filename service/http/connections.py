"""Connections with limits: for all that a peer can hold without a complete request, or after one was answered.

Uvicorn's httptools protocol waits for ever for a request's head, keeps every byte of it, and queues every request that
is sent ahead; its timer of idle connections ends with any byte. `BoundedConnection` overrides the protocol's callbacks:
tests/service/test_limits.py and test_slow_clients.py have a case for each. It costs a request two counts and no timer:
`drop_late` looks at all connections together.
"""

import asyncio
from collections.abc import Collection
from math import inf
from typing import Any, cast

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ..errors import HeadTooLarge, Refused, TooSlow, UriTooLong, try_again
from .limits import rendered

URL_BYTES = 2 * 1024
HEADER_BYTES = 8 * 1024  # name and value of one header
HEAD_BYTES = 16 * 1024  # all of them and the request line; also trailers, and what is between the chunks of a body
HEADERS = 100
PIPELINED = 16  # requests that wait for the answer of the one before
CONNECTIONS = 512
HEAD_SECONDS = 5.0  # also how long a connection stays open without a request
READER_SECONDS = 4.0  # less than the answer's deadline, so that the answer ends before it is cut off
DRAINED_BYTES = 8 * 1024 * 1024  # that are read and forgotten after an answer, so that the client reads it
ROUND_SECONDS = 0.25
CONTINUE = b"HTTP/1.1 100 "
BODILESS = ("GET", "HEAD")  # nobody reads their bodies

CUT = Counter("waybill_connections_refused", "Connections that broke a limit, by the status of the answer.", ["status"])


class BoundedConnection(HttpToolsProtocol):
    """HTTP/1.1. `due`: when `drop_late` ends the connection, in the loop's time; `most`: connections at one time."""

    most = CONNECTIONS

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._unbounded = 0  # bytes since a head, or a part of a body, was complete
        self._drained = 0  # bytes that were forgotten
        self._in_head = self._in_body = self._deaf = self._lingers = False
        self._refusal: Refused | None = None
        self.due = self.loop.time() + HEAD_SECONDS
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the circles of references that it is in: they would stay until the garbage collector comes by."""
        super().connection_lost(exc)
        self.headers = []
        self.pipeline.clear()
        if self.cycle is not None:
            self.cycle.transport = self.transport

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), HEAD_BYTES):
            if self._deaf:
                self._drain(data)
                return
            piece = data[start : start + HEAD_BYTES]
            self._unbounded += len(piece)
            super().data_received(piece)
            if self._unbounded > HEAD_BYTES and not self._deaf:
                long = self._in_head and not self.headers and len(self.url) > URL_BYTES
                self._refuse(_url_too_long() if long else _head_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if not self._is_answering():
            self.due = self.loop.time() + HEAD_SECONDS

    def on_headers_complete(self) -> None:
        self._check_head()
        if not self._is_answering():
            self.due = inf
        super().on_headers_complete()
        self._in_head, self._in_body, self._unbounded, self._drained = False, True, 0, 0
        self.headers = []  # trailers are none of the request's headers
        if upgrades := self.parser.should_upgrade():
            self.cycle.keep_alive = False  # what follows the request is then no HTTP
        answers_to = AnswerTransport(self, lingers=upgrades or self.scope["method"] not in BODILESS)
        self.cycle.transport = cast(asyncio.Transport, answers_to)

    def on_body(self, body: bytes) -> None:
        self._unbounded = 0
        if self.cycle.response_complete or self.scope["method"] in BODILESS:
            self._drain(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        self._deaf = self._deaf or self.parser.should_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.due = self.loop.time() + READER_SECONDS

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self.due = inf if self._is_answering() else self.loop.time() + HEAD_SECONDS

    def on_response_complete(self) -> None:
        if self._lingers:
            self.flow.resume_reading()
            return
        super().on_response_complete()
        now = self.loop.time()
        if self.transport.is_closing() or self.flow.write_paused:
            self.due = now + READER_SECONDS
        else:
            self.due = inf if self._is_answering() else now + HEAD_SECONDS

    def timeout_keep_alive_handler(self) -> None:
        """`due` ends idle connections."""

    def _unsupported_upgrade_warning(self) -> None:
        """A request to upgrade is answered as any other."""

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when the parser, or a callback of it, fails."""
        self._refuse(self._refusal or Refused("This is not a request of HTTP/1.1."))

    def drop(self) -> None:
        """Ends it: with an answer where a request has begun, and at once where nobody reads what was sent."""
        if self.transport.is_closing() or self.flow.write_paused or self._lingers:
            self.transport.abort()
        elif self._in_head:
            self._refuse(TooSlow(f"The request's headers did not arrive within {HEAD_SECONDS:.0f} seconds."))
        else:
            self.close()

    def close(self) -> None:
        """A closing transport first sends everything, which takes for ever if the client reads nothing. And if it has
        not read everything, the client gets a reset, often before it has read the answer: so what is still sent is
        read first, and forgotten."""
        self.due = self.loop.time() + READER_SECONDS
        if self._deaf or self._in_body:
            self._deaf = self._lingers = True
            self.transport.write_eof()
        else:
            self.transport.close()

    def _drain(self, data: bytes) -> None:
        self._drained += len(data)
        if self._drained > DRAINED_BYTES:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _check_head(self) -> None:
        if len(self.url) > URL_BYTES:
            self._refusal = _url_too_long()
        elif len(self.headers) > HEADERS or (self._unbounded > HEADER_BYTES and _is_too_large(self.headers)):
            self._refusal = _head_too_large()
        elif len(self.pipeline) >= PIPELINED:
            self._refusal = try_again(f"More than {PIPELINED} requests were sent ahead.")
        if self._refusal:
            raise self._refusal

    def _refuse(self, refused: Refused) -> None:
        """Nothing more is read. An answer goes out where it can be no other request's."""
        self._deaf = True
        CUT.labels(refused.problem.status).inc()
        cycle = self.cycle
        if self._is_answering() and not self._in_body:
            cycle.keep_alive = False  # so the connection ends after the requests before
            return
        if self._is_answering() and (cycle.response_started or self.pipeline):
            self.close()
            return
        if self._is_answering():
            cycle.disconnected = True
            cycle.message_event.set()
        status, headers, body = rendered(refused)
        lines = [b"%b: %b\r\n" % it for it in [*self.server_state.default_headers, *headers]]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.close()

    def _make_room(self) -> None:
        """The connection that has waited longest for a request makes room; if all are being answered, none does."""
        waiting = [it for it in self.connections if isinstance(it, BoundedConnection) and it.due < inf]
        longest = min(waiting, key=lambda it: it.due, default=self)
        if longest is self:
            busy = try_again(f"{self.most} requests are being answered.")
            busy.headers = {}  # what would be asked is not known: a webhook is not told when to come again
            self._refuse(busy)
        else:
            longest.transport.abort()


class AnswerTransport:
    """What an answer is written to. Its head goes out with the first of its body: one system call less is a tenth of
    what a short answer costs. `lingers`: its end is that of its connection."""

    __slots__ = ("_has_body", "_head", "_write", "close", "is_closing")

    def __init__(self, connection: BoundedConnection, *, lingers: bool) -> None:
        transport = connection.transport
        self._write, self.is_closing = transport.write, transport.is_closing
        self.close = connection.close if lingers else transport.close
        self._head: bytes | None = None
        self._has_body = connection.scope["method"] != "HEAD"

    def write(self, data: bytes) -> None:
        """What uvicorn has at one time: `100 Continue`, the head, or a part of the body, which may be empty."""
        if self._head is None and self._has_body and not data.startswith(CONTINUE):
            self._head = data
            return
        self._write(self._head + data if self._head else data)
        if self._head:
            self._head = b""


def _is_too_large(headers: Collection[tuple[bytes, bytes]]) -> bool:
    sizes = [len(name) + len(value) for name, value in headers]
    return max(sizes, default=0) > HEADER_BYTES or sum(sizes) > HEAD_BYTES


def _url_too_long() -> Refused:
    return UriTooLong(f"The address is longer than {URL_BYTES} bytes.")


def _head_too_large() -> Refused:
    return HeadTooLarge(
        f"The headers, or the trailers, are more than {HEADERS} or longer than {HEAD_BYTES} bytes, or one of them is"
        f" longer than {HEADER_BYTES}."
    )


async def drop_late(connections: Collection[Any]) -> None:
    """Ends every connection that is past its `due`, for as long as the loop runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(ROUND_SECONDS)
        now = loop.time()
        for it in [it for it in connections if it.due < now]:
            it.drop()
