"""The web server: uvicorn with its settings, and connections that drop slow clients.

Uvicorn alone waits for ever for a request's headers, and for a client to read its answer. `DeadlineProtocol` overrides
callbacks of uvicorn's httptools protocol; tests/service/test_slow_clients.py has a case for each.
"""

import asyncio
import gc
import signal
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..settings import Settings
from .drain import DrainingServer

HEADER_SECONDS = 5.0
READER_SECONDS = 4.0  # less than the answer's deadline, so that the answer ends before it is cut off


class DeadlineProtocol(HttpToolsProtocol):
    """HTTP/1.1; drops a connection whose headers do not arrive, or whose answer is not read, in time."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._drop_in(HEADER_SECONDS, "headers")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._drop_in(HEADER_SECONDS, "headers")

    def on_headers_complete(self) -> None:
        self._keep("headers")
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._drop_in(READER_SECONDS, "reader")

    def resume_writing(self) -> None:
        self._keep("reader")
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._close_in_time()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._close_in_time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep(*list(self._timers))
        super().connection_lost(exc)

    def _close_in_time(self) -> None:
        """A closing transport first sends everything, which takes for ever if the client reads nothing."""
        if self.transport.is_closing():
            self._drop_in(READER_SECONDS, "close")

    def _drop_in(self, seconds: float, reason: str) -> None:
        self._keep(reason)
        self._timers[reason] = self.loop.call_later(seconds, self.transport.abort)

    def _keep(self, *reasons: str) -> None:
        for reason in reasons:
            if timer := self._timers.pop(reason, None):
                timer.cancel()


def serve(app: Litestar, settings: Settings) -> bool:
    """Returns when the server was stopped; False: it could not start."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again after it has stopped
    # The objects that exist now stay. The garbage collector would look through them several times a minute, and
    # nothing is answered during the 50 ms that this takes.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        http=DeadlineProtocol,
        timeout_graceful_shutdown=10,
    )
    server = DrainingServer(config, app.state, settings.drain_seconds)
    with suppress(KeyboardInterrupt):
        server.run()
    return server.started
