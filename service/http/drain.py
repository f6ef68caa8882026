"""Draining: after SIGTERM the server still answers for some seconds, until the load balancer sends it nothing more."""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn
from litestar.datastructures import State

from .connections import drop_late


class DrainingServer(uvicorn.Server):
    """When it is told to stop `state.draining` becomes true, so /readyz answers 503, and nobody is kept waiting. After
    SIGTERM all else is still answered for `seconds`, with `Connection: close`; then, or at a second signal, the server
    stops as uvicorn does."""

    def __init__(self, config: uvicorn.Config, state: State, seconds: int) -> None:
        super().__init__(config)
        self._state, self._seconds = state, seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._dropping = asyncio.create_task(drop_late(self.server_state.connections))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        draining, self._state.draining = self._state.draining, True
        if sig != signal.SIGTERM or not self._seconds or draining:
            super().handle_exit(sig, frame)
            return
        self.config.encoded_headers.append((b"connection", b"close"))  # uvicorn takes it up within a second
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self._seconds, super().handle_exit, sig, frame)
