"""What a peer can send of which a server may hold too much, each in pieces and without an end of its own."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx

from tests.support.forked import CONTEXT

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
    """What the ledger answered, up to the end of the connection; the rest of `parts` is then not sent. A socket, since
    a stream forgets what it has not read yet when it can send no more."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as peer:
        peer.setblocking(False)
        await loop.sock_connect(peer, (host, int(port)))
        answer = asyncio.create_task(_all(peer))
        with contextlib.suppress(ConnectionError):
            for part in parts:
                if answer.done():
                    break
                await loop.sock_sendall(peer, part)
        return await answer


async def _all(peer: socket.socket) -> bytes:
    """Also what came before a reset."""
    came = b""
    with contextlib.suppress(ConnectionError):
        while more := await asyncio.get_running_loop().sock_recv(peer, PIECE):
            came += more
    return came


def resident(ledger: Replica, name: str = "VmRSS") -> float:
    """MiB; `VmHWM`: the most so far."""
    lines = Path(f"/proc/{ledger.process.pid}/status").read_text().splitlines()
    return next(int(it.split()[1]) for it in lines if it.startswith(name)) / 1024


@dataclass
class Meanwhile:
    """What an honest client saw: how many of its requests were `answered`, and how long the `slowest` waited for the
    ledger, in seconds: without the time in which the ledger, or the client, was ready to go on and the machine had no
    processor for it. So a limit holds on a busy machine or nowhere."""

    slowest: float = 0.0
    answered: int = 0


def _waited(path: str) -> float:
    """For how many seconds of its life a thread was ready and had no processor
    (https://docs.kernel.org/scheduler/sched-stats.html)."""
    return int(Path(path).read_text().split()[1]) / 1e9


def _ask(url: str, process: int, begun: Any, done: Any, seen: Any) -> None:
    """Two requests at a time, on connections that are new each time, until `done`."""
    ledger, mine = f"/proc/{process}/task/{process}/schedstat", "/proc/thread-self/schedstat"
    found, limits = Meanwhile(), httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=url, trust_env=False, timeout=60, limits=limits) as http:
        while True:
            for path in ("/healthz", "/releases"):
                began, before = time.monotonic(), _waited(ledger) + _waited(mine)
                status = http.get(path).status_code
                took = time.monotonic() - began - (_waited(ledger) + _waited(mine) - before)
                if status != 200:
                    seen.put(f"{path} was answered with {status}")
                    return
                found.slowest = max(found.slowest, took)
                found.answered += 1
            begun.set()
            if done.wait(0.02):
                seen.put(found)
                return


@asynccontextmanager
async def honest_client(ledger: Replica) -> AsyncIterator[Meanwhile]:
    """Every request of it is answered with 200. It is a process of its own, so that it does not wait for those who
    flood. What it saw is told at the end."""
    begun, done, answers, seen = CONTEXT.Event(), CONTEXT.Event(), CONTEXT.Queue(), Meanwhile()
    client = CONTEXT.Process(target=_ask, args=(ledger.url, ledger.process.pid, begun, done, answers))
    client.start()
    try:
        assert await asyncio.to_thread(begun.wait, 60)
        yield seen
    finally:
        done.set()
        told = await asyncio.to_thread(answers.get, timeout=90)
        await asyncio.to_thread(client.join)
    assert isinstance(told, Meanwhile), told
    seen.slowest, seen.answered = told.slowest, told.answered
