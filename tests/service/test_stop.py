"""A ledger that is told to stop finishes what it accepted, drains first if it is set to, and then ends well."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.service.replica import Replica, command, replica
from ..support.service.served import KEYS, event, signature
from ..support.service.sockets import accepted_post
from ..support.service.writers import Writers

pytestmark = [pytest.mark.anyio, pytest.mark.long]
STOP_SECONDS = 10  # what chart/ leaves between SIGTERM and SIGKILL is more


@pytest.fixture
def running(database_url: str, tmp_path: Path) -> Iterator[Replica]:
    with replica(database_url, tmp_path / "log") as it:
        yield it


async def test_a_stop_finishes_what_was_accepted_and_takes_nothing_more(running: Replica) -> None:
    bodies = [json.dumps(event(resource_version=number)).encode() for number in range(16)]
    accepted = [
        await accepted_post(
            running.url, "/hooks/flux/staging", body, {"X-Signature": signature(body, KEYS["staging"][0])}
        )
        for body in bodies
    ]
    running.process.terminate()
    host, port = running.url.removeprefix("http://").split(":")
    async with asyncio.timeout(STOP_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionError:  # refused, or dropped before it was accepted
                break
            writer.close()
    answers = await asyncio.gather(*(finish() for finish in accepted))
    assert [it.partition(b"\r\n")[0] for it in answers] == [b"HTTP/1.1 201 Created"] * len(bodies)
    assert await asyncio.to_thread(running.process.wait, STOP_SECONDS) == 0
    assert "error" not in {it["level"] for it in running.logged()}


async def test_a_stop_under_load_leaves_no_request_without_its_answer(running: Replica, database_url: str) -> None:
    token = command(database_url, "token", "create", "--scope", "releases:write").stdout.strip()
    writers = Writers([running.url], token)
    with pytest.raises(TimeoutError):  # noqa: PT012 - nobody is left to write to
        async with writers.writing(seconds=1):
            await writers.until(50)
            running.process.terminate()
            assert await asyncio.to_thread(running.process.wait, STOP_SECONDS) == 0
    done = [it for it in running.logged() if it["logger"] == "waybill.requests"]
    assert len(done) == len(writers.acknowledged)
    assert {it["status"] for it in done} <= {200, 201}


async def test_one_that_drains_is_not_ready_and_answers_on(database_url: str, tmp_path: Path) -> None:
    """Until a second signal."""
    with replica(database_url, tmp_path / "log", DRAIN_SECONDS="600") as it, it.http() as http:
        assert http.get("/readyz").status_code == 200
        it.process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            while (await asyncio.to_thread(http.get, "/readyz")).status_code == 200:
                pass
            while (await asyncio.to_thread(http.get, "/releases")).headers.get("connection") != "close":
                pass
        assert http.get("/releases").status_code == 200
        assert http.get("/readyz").json()["detail"] == "This ledger is about to stop."
        it.process.terminate()
        assert it.process.wait(STOP_SECONDS) == 0
    assert "error" not in {line["level"] for line in it.logged()}


def test_what_drained_long_enough_stops(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log", DRAIN_SECONDS="1") as it:
        it.process.terminate()
        assert it.process.wait(STOP_SECONDS) == 0
