"""Clients that send a byte now and then, or read nothing, are dropped in time and slow nobody else down."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..support.service.floods import honest_client
from ..support.service.replica import Replica, replica
from ..support.service.sizes import size

pytestmark = [pytest.mark.anyio, pytest.mark.torture, pytest.mark.long]

CLIENTS = size(10, 100)  # of each kind
PATIENCE = 60.0  # seconds; the ledger drops them after 4 to 9, a busy machine later
SECONDS = 0.25

SLOW_HEADERS = b"GET /healthz HTTP/1.1\r\nHost: ledger\r\nX-Slow: "
SLOW_BODY = b"POST /hooks/flux/staging HTTP/1.1\r\nHost: ledger\r\nContent-Length: 1000\r\n\r\n"
READS_NOTHING = b"GET /schema HTTP/1.1\r\nHost: ledger\r\n\r\n" * 200


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Replica]:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as it:
        yield it


async def until_dropped(url: str, first: bytes, drip: bytes) -> float:
    """Seconds until the ledger ends a connection that sends `first`, then `drip` each half second, and never reads."""
    host, port = url.removeprefix("http://").split(":")
    began = time.monotonic()
    _, writer = await asyncio.open_connection(host, int(port), limit=1)
    try:
        writer.write(first)
        while time.monotonic() - began < 2 * PATIENCE:
            await asyncio.sleep(0.5)
            writer.write(drip)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return time.monotonic() - began


async def test_slow_clients_are_dropped_and_slow_nobody_down(
    ledger: Replica, record_property: Callable[[str, str], None]
) -> None:
    kinds = [(SLOW_HEADERS, b"x"), (SLOW_BODY, b"x"), (READS_NOTHING, b"\r\n")]
    async with honest_client(ledger) as seen:
        dropped = await asyncio.gather(*(until_dropped(ledger.url, *kind) for kind in kinds * CLIENTS))
    record_property("figure", f"{len(dropped)} slow clients dropped in {max(dropped):.1f} s")
    record_property("figure", f"slowest of {seen.answered} requests meanwhile {seen.slowest * 1000:.0f} ms")
    assert max(dropped) < PATIENCE
    assert seen.slowest < SECONDS


async def test_a_body_that_comes_too_slowly_is_answered_with_408(ledger: Replica) -> None:
    host, port = ledger.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(SLOW_BODY + b"x")
    answer = (await asyncio.wait_for(reader.read(), PATIENCE)).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "application/problem+json" in answer
