"""Telemetry: for each request a log line, metrics, and an id that is in the answer and in its log lines.

Logs are JSON on stderr, one object a line. Headers, query and body are never logged.
"""

import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Send
from prometheus_client import Counter, Histogram

from ..errors import CURRENT_REQUEST

SECONDS = Histogram(
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

log = logging.getLogger("waybill.requests")
_first, _numbers = secrets.randbits(64), count()
_histograms: dict[tuple[str, str, int], Histogram] = {}  # finding one among its labels costs more than counting in it


def new_id() -> str:
    """16 hex digits, without a system call: no other request of this process has them, and of another one hardly."""
    return f"{(_first + next(_numbers) * STEP) % 2**64:016x}"


def with_telemetry(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        id = given.decode() if GIVEN_ID.fullmatch(given) else new_id()
        CURRENT_REQUEST.set(id)
        headers = [*HEADERS, (b"x-request-id", id.encode())]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            await app(scope, receive, sending)
        finally:
            _record(scope, status, time.perf_counter() - began)

    return answer


def _record(scope: Any, status: int, seconds: float) -> None:
    route = scope.get("path_template") or "none"
    labels = (scope["method"] if route != "none" else "none", route, status)
    if (histogram := _histograms.get(labels)) is None:
        histogram = _histograms[labels] = SECONDS.labels(*labels)
    histogram.observe(seconds)
    if route in QUIET and status < 400:
        return
    caller = scope.get("user")
    line = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 2)}
    log.info("request", extra={"fields": line | ({"token": caller.name} if caller else {})})


class JsonLines(logging.Formatter):
    """`extra={"fields": {...}}` adds fields to the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id := CURRENT_REQUEST.get():
            line["request_id"] = id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def log_as_json(level: str) -> None:
    # No line names the thread, the process or the place in the code. To look them up is a third of a line's cost:
    # https://docs.python.org/3/howto/logging.html#optimization
    for name in ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks"):
        setattr(logging, name, False)
    logging._srcfile = None
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler])
