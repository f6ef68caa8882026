"""What a peer can send of which a server may hold too much, each in pieces and without an end of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import chain, repeat
from pathlib import Path
from threading import Event

import httpx

from .replica import Replica

GET = b"GET /healthz HTTP/1.1\r\nHost: ledger\r\n"
CHUNKED = b"POST /hooks/flux/staging HTTP/1.1\r\nHost: ledger\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
# Name: the status of the one answer, how the bytes begin, and what is then repeated.
FLOODS: dict[str, tuple[int, bytes, bytes]] = {
    "short headers": (431, GET, b"X: y\r\n"),
    "one header": (431, GET + b"X: ", b"y" * 1000),
    "one header's name": (431, GET, b"y" * 1000),
    "spaces before a header's value": (431, GET + b"X:", b" " * 1000),
    "address": (414, b"GET /", b"y" * 1000),
    "query": (414, b"GET /?", b"y" * 1000),
    "blank lines before a request": (431, b"", b"\r\n" * 500),
    "trailers": (431, CHUNKED + b"0\r\n", b"X: y\r\n"),
    "one trailer": (431, CHUNKED + b"0\r\nX: ", b"y" * 1000),
    "a chunk's extension": (431, CHUNKED + b"1;x=", b"y" * 1000),
    "a body with a length": (
        413,
        b"POST /hooks/flux/a HTTP/1.1\r\nHost: l\r\nContent-Length: 999999999\r\n\r\n",
        b"y" * 1000,
    ),
    "a body in chunks": (413, CHUNKED, b"3e8\r\n" + b"y" * 1000 + b"\r\n"),
    "a body that nobody asked for": (
        405,
        b"POST /healthz HTTP/1.1\r\nHost: ledger\r\nContent-Length: 999999999\r\n\r\n",
        b"y" * 1000,
    ),
    "a GET with a body": (200, GET + b"Content-Length: 999999999\r\n\r\n", b"y" * 1000),
    "bytes after an upgrade": (200, GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b"y" * 1000),
}
PIECE = 64 * 1024


def pieces(begins: bytes, repeated: bytes, size: int) -> Iterator[bytes]:
    """At least `size` bytes."""
    some = repeated * (PIECE // len(repeated) + 1)
    return chain([begins], repeat(some, size // len(some) + 1))


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def sent(url: str, parts: Iterator[bytes]) -> bytes:
    """What the ledger answered, up to the end of the connection; the rest of `parts` is then not sent."""
    reader, writer = await connect(url)
    answer = asyncio.create_task(_all(reader))
    try:
        for part in parts:
            if answer.done():
                break
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        pass
    try:
        return await answer
    finally:
        writer.transport.abort()


async def _all(reader: asyncio.StreamReader) -> bytes:
    """Also what came before a reset."""
    came = b""
    try:
        while more := await reader.read(PIECE):
            came += more
    except ConnectionError:
        pass
    return came


def resident(ledger: Replica, name: str = "VmRSS") -> float:
    """MiB; `VmHWM`: the most so far."""
    lines = Path(f"/proc/{ledger.process.pid}/status").read_text().splitlines()
    return next(int(it.split()[1]) for it in lines if it.startswith(name)) / 1024


class Meanwhile:
    """What an honest client saw: `slowest` of its requests, in seconds."""

    slowest = 0.0
    answered = 0


@asynccontextmanager
async def honest_client(ledger: Replica) -> AsyncIterator[Meanwhile]:
    """Every request of it is answered with 200, on connections that are new each time. It has a thread of its own, so
    that it does not wait for those who flood."""
    seen, done = Meanwhile(), Event()

    def ask() -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=ledger.url, trust_env=False, timeout=15, limits=limits) as http:
            while True:
                for path in ("/healthz", "/releases"):
                    began = time.monotonic()
                    assert http.get(path).status_code == 200
                    seen.slowest = max(seen.slowest, time.monotonic() - began)
                    seen.answered += 1
                if done.wait(0.02):
                    return

    asking = asyncio.create_task(asyncio.to_thread(ask))
    try:
        yield seen
    finally:
        done.set()
        await asking
