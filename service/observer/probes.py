"""Answers kubelet's probes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

ROUNDS = 3  # that may be missed, as the ledger has it
SECONDS = 5  # for a request


@dataclass
class Health:
    """Ready: the ledger was told what is there within three rounds."""

    round_seconds: int
    told_at: float | None = None

    def tell(self) -> None:
        self.told_at = time.monotonic()

    @property
    def is_ready(self) -> bool:
        return self.told_at is not None and time.monotonic() - self.told_at <= ROUNDS * self.round_seconds


@asynccontextmanager
async def probes(port: int, health: Health) -> AsyncIterator[int]:
    """Yields the port of all addresses at which it answers: 503 to `/readyz` unless it is ready, else 200."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, asyncio.LimitOverrunError, EOFError, OSError):
            asked = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
            well = health.is_ready or not asked.startswith(b"GET /readyz ")
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                         % (b"200 OK" if well else b"503 Service Unavailable"))  # fmt: skip
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, None, port) as server:
        yield server.sockets[0].getsockname()[1]
