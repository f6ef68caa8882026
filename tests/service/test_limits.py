"""What a peer can hold is bounded before a handler runs: it gets its answer, memory stays, and others are served."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.http.connections import CONNECTIONS, HEAD_BYTES, HEAD_SECONDS, HEADER_BYTES, HEADERS, PIPELINED, URL_BYTES
from service.http.limits import ALL_BODIES, HOOK_BYTES

from ..support.service.floods import FLOODS, GET, connect, honest_client, pieces, resident, sent
from ..support.service.replica import Replica, replica
from ..support.service.sizes import size

pytestmark = [pytest.mark.anyio, pytest.mark.torture, pytest.mark.long]

BYTES = size(100 * HEAD_BYTES, 100 * HOOK_BYTES)
PEERS = size(4, 16)
MORE_MEMORY = 20  # MiB
SECONDS = 0.25
PATIENCE = 4 * HEAD_SECONDS


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Replica]:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as it:
        yield it


@asynccontextmanager
async def undisturbed(ledger: Replica, record: Callable[[str, str], None]) -> AsyncIterator[None]:
    """What happens in the block costs little memory, and delays nobody."""
    async with honest_client(ledger):
        await asyncio.sleep(0.5)  # so that what the first requests load is there
    before = resident(ledger)
    async with honest_client(ledger) as seen, asyncio.timeout(300):
        yield
    grown = resident(ledger, "VmHWM") - before
    record("figure", f"{grown:.1f} MiB more, slowest of {seen.answered} requests {seen.slowest * 1000:.0f} ms")
    assert seen.answered
    assert seen.slowest < SECONDS
    assert grown < MORE_MEMORY
    assert "Traceback" not in ledger.log.read_text()


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_is_answered_once_and_disturbs_nobody(
    ledger: Replica, name: str, record_property: Callable[[str, str], None]
) -> None:
    status, *flood = FLOODS[name]
    async with undisturbed(ledger, record_property):
        amount = max(BYTES, 3 * HOOK_BYTES) if status == 413 else BYTES
        answers = await asyncio.gather(*(sent(ledger.url, pieces(*flood, amount)) for _ in range(PEERS)))
    for answer in answers:
        together = b"The bodies of all requests together" in answer and status == 413
        assert answer.startswith(b"HTTP/1.1 %d " % (503 if together else status)), answer[:200]
        assert answer.count(b"HTTP/1.1 ") == 1
        if status not in (200, 405):
            assert b"application/problem+json" in answer


async def test_floods_leave_nothing_behind(ledger: Replica) -> None:
    """What was held for a connection is given back with it, not when the garbage collector comes by."""
    _, *flood = FLOODS["trailers"]

    async def once() -> None:
        await asyncio.gather(*(sent(ledger.url, pieces(*flood, 100 * HEAD_BYTES)) for _ in range(16)))

    for _ in range(2):
        await once()
    before = resident(ledger)
    for _ in range(8):
        await once()
    assert resident(ledger) - before < MORE_MEMORY


def head(url: int = 1, header: int = 1, headers: int = 1) -> bytes:
    """A request with an address and headers of these sizes, of which the last closes the connection."""
    lines = [b"Host: ledger", *[b"X: " + b"y" * (header - 1)] * (headers - 2), b"Connection: close"]
    return b"GET /healthz?".ljust(url + 4, b"y") + b" HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head(url=URL_BYTES), 200),
        (head(url=URL_BYTES + 1), 414),
        (head(header=HEADER_BYTES, headers=3), 200),
        (head(header=HEADER_BYTES + 1, headers=3), 431),
        (head(headers=HEADERS), 200),
        (head(headers=HEADERS + 1), 431),
        (head(header=HEAD_BYTES // 80, headers=80), 200),
        (head(header=HEAD_BYTES // 80 + 10, headers=80), 431),
    ],
)
async def test_a_limit_holds_to_the_byte(ledger: Replica, request_: bytes, status: int) -> None:
    """However the request is cut into packets."""
    halves = request_[: len(request_) // 2], request_[len(request_) // 2 :]
    for parts in ([request_], halves):
        assert (await sent(ledger.url, iter(parts))).startswith(b"HTTP/1.1 %d " % status)


async def test_requests_that_are_sent_ahead_are_answered_up_to_a_number(
    ledger: Replica, record_property: Callable[[str, str], None]
) -> None:
    async with undisturbed(ledger, record_property):
        answer = await sent(ledger.url, iter([(GET + b"\r\n") * 100 * PIPELINED]))
    assert answer.count(b"HTTP/1.1 200 OK") == answer.count(b"HTTP/1.1 ")
    assert PIPELINED < answer.count(b"HTTP/1.1 200 OK") <= PIPELINED + 2
    ahead = (GET + b"\r\n") * (PIPELINED - 1) + GET + b"Connection: close\r\n\r\n"
    assert (await sent(ledger.url, iter([ahead]))).count(b"HTTP/1.1 200 OK") == PIPELINED


async def test_a_bad_request_that_is_sent_ahead_takes_nobodys_answer(ledger: Replica) -> None:
    """The requests before it are answered as if it were not there."""
    answer = await sent(ledger.url, iter([(GET + b"\r\n") * 3 + b"nothing of HTTP\r\n\r\n"]))
    assert answer.count(b"HTTP/1.1 200 OK") == answer.count(b"HTTP/1.1 ") == 3


@pytest.mark.parametrize("drip", [b"", b"\r\n", b"G"], ids=["nothing", "blank lines", "the next request"])
async def test_no_drip_keeps_an_idle_connection(ledger: Replica, drip: bytes) -> None:
    reader, writer = await connect(ledger.url)
    writer.write(GET + b"\r\n")
    assert (await reader.readuntil(b'"ok"}')).startswith(b"HTTP/1.1 200 ")
    began = time.monotonic()
    rest = asyncio.create_task(reader.read())
    while not rest.done() and time.monotonic() - began < PATIENCE:
        writer.write(drip)
        await asyncio.wait([rest], timeout=0.5)
    writer.transport.abort()
    assert rest.done()
    assert not rest.exception()
    assert rest.result()[:13] in (b"", b"HTTP/1.1 408 ", b"HTTP/1.1 400 ")


async def test_connections_without_a_request_keep_nobody_out(
    ledger: Replica, record_property: Callable[[str, str], None]
) -> None:
    many = size(2, 100) * CONNECTIONS
    async with undisturbed(ledger, record_property):
        opened: list[asyncio.StreamWriter] = []
        for number in range(many):
            opened.append((await connect(ledger.url))[1])
            opened[-1].write(GET)
            if number % 16 == 0:
                await asyncio.sleep(0)
            if len(opened) > 600:
                opened.pop(0).transport.abort()
        for it in opened:
            it.transport.abort()


async def test_a_connection_too_many_is_told_so_and_not_when_to_come_again(ledger: Replica) -> None:
    """While all the others are being answered. It may be Flux's, which would wait for exactly that long."""
    begins = b"POST /hooks/flux/staging HTTP/1.1\r\nHost: l\r\nContent-Length: 9\r\n\r\n{"
    refused, began = list[bytes](), time.monotonic()
    while not refused and time.monotonic() - began < PATIENCE:  # each is answered for some seconds
        opened = [(await connect(ledger.url))[1] for _ in range(CONNECTIONS)]
        for it in opened:
            it.write(begins)
        answers = await asyncio.gather(*(sent(ledger.url, iter([begins])) for _ in range(20)))
        refused = [it for it in answers if it.startswith(b"HTTP/1.1 503 ")]
        for it in opened:
            it.transport.abort()
    assert refused
    assert all(b"retry-after" not in it.lower() for it in refused)


async def test_bodies_together_have_a_limit_that_keeps_no_small_one_out(
    ledger: Replica, record_property: Callable[[str, str], None]
) -> None:
    """The largest make room, and are told to come again."""
    parts = HOOK_BYTES - 1000
    begins = b"POST /hooks/flux/staging HTTP/1.1\r\nHost: l\r\nContent-Length: %d\r\n\r\n" % HOOK_BYTES
    small = b"POST /hooks/flux/staging HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    async with honest_client(ledger):
        peers = [
            asyncio.create_task(sent(ledger.url, iter([begins, b"y" * parts])))
            for _ in range(3 * ALL_BODIES // HOOK_BYTES)
        ]
        done, _ = await asyncio.wait(peers, return_when=asyncio.FIRST_COMPLETED)
        assert all(it.result().startswith(b"HTTP/1.1 503 ") for it in done)
        assert all(b"retry-after" not in it.result().lower() for it in done)
        assert (await sent(ledger.url, iter([small]))).startswith(b"HTTP/1.1 401 ")
        answers = await asyncio.gather(*peers)
    statuses = [it.split(b" ", 2)[1] for it in answers]
    assert statuses.count(b"503") >= 2 * ALL_BODIES // HOOK_BYTES
    assert set(statuses) == {b"503", b"408"}
    assert resident(ledger, "VmHWM") < 256
