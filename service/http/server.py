"""HTTP connections that wait for no one: uvicorn by itself lets a client take for ever over headers or an answer.

This overrides callbacks of uvicorn's httptools protocol; tests/service/test_slow_clients.py has a case for each.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 5.0
READER_SECONDS = 4.0  # less than the answer's deadline, so that the answer ends before it is cut off


class ImpatientHttp(HttpToolsProtocol):
    """Drops a connection whose headers do not come, or whose answer is not read, in time."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._drops: dict[str, asyncio.TimerHandle] = {}
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
        self._keep(*list(self._drops))
        super().connection_lost(exc)

    def _close_in_time(self) -> None:
        """A closing transport waits until everything is sent, which a client that reads nothing never lets happen."""
        if self.transport.is_closing():
            self._drop_in(READER_SECONDS, "close")

    def _drop_in(self, seconds: float, why: str) -> None:
        self._keep(why)
        self._drops[why] = self.loop.call_later(seconds, self.transport.abort)

    def _keep(self, *reasons: str) -> None:
        for why in reasons:
            if timer := self._drops.pop(why, None):
                timer.cancel()
