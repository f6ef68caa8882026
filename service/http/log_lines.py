"""Log lines: JSON on stderr, one object a line, which a thread writes, many at a time.

The line of a request is made by that thread, too: where a LogRecord is made, formatted and flushed for each, that adds
7 microseconds to a request, and under load four times as much. What the last WAIT_SECONDS said is lost with a
process that is killed, but a warning is written before anything else is done.
"""

import logging
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from select import select
from threading import Event, Lock, Thread
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import Encoder

from ..errors import CURRENT_REQUEST

WAIT_SECONDS = 0.05
MOST = 1000  # lines that wait: whoever adds one more waits until they are written
REQUESTS = "waybill.requests"  # the logger that says what was answered
encode = Encoder().encode


class RequestLine(Struct, frozen=True):
    """What the log says of a request. `token`: the name of its caller's."""

    time: datetime
    level: str
    logger: str
    message: str
    request_id: str
    method: str
    path: str
    status: int
    ms: float
    token: str | UnsetType = UNSET


class Answered(Struct, frozen=True, gc=False):
    """A request; `at`: seconds since 1970."""

    at: float
    id: str
    method: str
    path: str
    status: int
    seconds: float
    token: str | UnsetType

    def line(self) -> bytes:
        now, ms = datetime.fromtimestamp(self.at, UTC), round(self.seconds * 1000, 2)
        said = (REQUESTS, "request", self.id, self.method, self.path, self.status, ms, self.token)
        return encode(RequestLine(now, "info", *said))


class LogLines(logging.Handler):
    """Writes what is logged, and `add`ed, to a file descriptor, in this order. `flush` returns when all is written."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines, self._some, self._writing = list[bytes | Answered](), Event(), Lock()
        Thread(target=self._write, name="log-lines", daemon=True).start()

    def add(self, line: bytes | Answered) -> None:
        self._lines.append(line)
        if not self._some.is_set():
            self._some.set()
        if len(self._lines) > MOST:
            self.flush()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.add(self.as_json(record))
        except Exception:
            self.handleError(record)
        if record.levelno >= logging.WARNING:
            self.flush()

    def as_json(self, record: logging.LogRecord) -> bytes:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id := CURRENT_REQUEST.get():
            line["request_id"] = id
        if record.exc_info:
            line["traceback"] = logging.Formatter().formatException(record.exc_info)
        return encode(line)

    def flush(self) -> None:
        with self._writing:
            several = self._lines[:]  # each of these steps is one of the interpreter's: no line comes in between
            del self._lines[: len(several)]
            rest = memoryview(b"".join([(it.line() if isinstance(it, Answered) else it) + b"\n" for it in several]))
            with suppress(OSError):  # nobody could be told
                while rest:
                    try:
                        rest = rest[os.write(self._descriptor, rest) :]
                    except BlockingIOError:  # whoever shares the descriptor made it so
                        select([], [self._descriptor], [])

    def _write(self) -> None:
        while self._some.wait():
            time.sleep(WAIT_SECONDS)
            self._some.clear()
            self.flush()


def log_as_json(level: str) -> LogLines:
    """Everything that is logged from now on. What waits is written when the program ends, unless it is killed."""
    # No line names the thread, the process or the place in the code. To look them up is a third of a line's cost:
    # https://docs.python.org/3/howto/logging.html#optimization
    for name in ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks"):
        setattr(logging, name, False)
    logging._srcfile = None
    lines = LogLines(sys.stderr.fileno())
    logging.basicConfig(level=level.upper(), handlers=[lines])
    return lines
