"""Telemetry: for each request a log line, metrics, and an id that is in the answer and in its log lines.

Headers, query and body are never logged.
"""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Iterable
from itertools import count
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Send
from msgspec import UNSET
from prometheus_client import Counter

from ..errors import CURRENT_REQUEST
from .durations import Durations
from .log_lines import REQUESTS, Answered, LogLines

SECONDS = Durations(
    "waybill_request_seconds",
    "Time to answer, by route and status.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RELEASES = Counter("waybill_releases", "Waybills: filed, repeated, or in conflict with a filed one.", ["result"])
EVENTS = Counter(
    "waybill_events", "Signed events and snapshots: taken, or repeated.", ["environment", "kind", "result"]
)
REFUSED_EVENTS = Counter("waybill_events_refused", "Events and snapshots that no key of their environment signed.")
UNREAD = Counter(
    "waybill_events_unread", "Signed bodies without effect, by the cause.", ["environment", "kind", "cause"]
)
ARRIVALS = Counter("waybill_arrivals", "Arrivals that became known.", ["environment"])
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
QUIET = {"/healthz", "/readyz", "/metrics"}  # requested every few seconds: logged only if they fail
GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

STEP = 0x9E3779B97F4A7C15  # odd: all 2**64 numbers come before one comes again

log = logging.getLogger(REQUESTS)
_first, _numbers = secrets.randbits(64), count()


def new_id() -> str:
    """16 hex digits, without a system call: no other request of this process has them, and of another one hardly."""
    return f"{(_first + next(_numbers) * STEP) % 2**64:016x}"


def with_telemetry(app: ASGIApp, lines: LogLines | None = None) -> ASGIApp:
    """`lines`: to which requests are logged, if they are."""
    if not log.isEnabledFor(logging.INFO):
        lines = None

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500
        id = _given_id(scope["headers"]) or new_id()
        CURRENT_REQUEST.set(id)
        own = (b"x-request-id", id.encode())

        def sending(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS, own]
            return send(message)

        try:
            await app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            route = scope.get("path_template") or "none"
            SECONDS.add((scope["method"] if route != "none" else "none", route, status), seconds)
            if lines and (status >= 400 or route not in QUIET):
                caller = scope.get("user")
                token = caller.name if caller else UNSET
                lines.add(Answered(time.time(), id, scope["method"], scope["path"], status, seconds, token))

    return answer


def _given_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"x-request-id":
            return value.decode() if GIVEN_ID.fullmatch(value) else None
    return None
