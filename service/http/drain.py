"""A server that leaves before it stops, so that nobody is cut off who asks through what balances the load."""

import asyncio
import signal
from types import FrameType

import uvicorn
from litestar.datastructures import State


class Server(uvicorn.Server):
    """At SIGTERM `state.leaving` becomes true, which /readyz tells. For `seconds` more everything is answered, each
    answer with `Connection: close`; then, or at a second signal, it stops as uvicorn does."""

    def __init__(self, config: uvicorn.Config, state: State, seconds: int) -> None:
        super().__init__(config)
        self._state, self._seconds = state, seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or not self._seconds or self._state.leaving:
            super().handle_exit(sig, frame)
            return
        self._state.leaving = True
        self.config.encoded_headers.append((b"connection", b"close"))  # within a second uvicorn sends it
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self._seconds, super().handle_exit, sig, frame)
