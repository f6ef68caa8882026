"""Log lines are written by a thread, many at a time: each once, in their order, and none is kept back for long."""

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from service.http import log_lines
from service.http.log_lines import MOST, LogLines

from ..support.service.replica import replica


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its reading and its writing end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def read(end: int, count: int) -> list[bytes]:
    """So many lines, however late they come."""
    held = b""
    while held.count(b"\n") < count:
        held += os.read(end, 1 << 20)
    return held.splitlines()


def record(level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord("waybill", level, "", 0, message, None, None)


def test_every_line_is_written_once_and_in_order(pipe: tuple[int, int]) -> None:
    lines = LogLines(pipe[1])
    for number in range(200):
        lines.add(b"%d" % number) if number % 2 else lines.emit(record(logging.INFO, str(number)))
    written = read(pipe[0], 200)
    assert [it if number % 2 else json.loads(it)["message"].encode() for number, it in enumerate(written)] == [
        b"%d" % number for number in range(200)
    ]


def test_a_warning_waits_for_nothing_and_nothing_before_it_waits_on(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "WAIT_SECONDS", 3600)
    lines = LogLines(pipe[1])
    lines.add(b"before")
    lines.emit(record(logging.WARNING, "the disk is full"))
    first, second = os.read(pipe[0], 1 << 20).splitlines()
    assert (first, json.loads(second)["message"]) == (b"before", "the disk is full")


@pytest.mark.long
@pytest.mark.parametrize("blocking", [True, False])
def test_where_nobody_reads_who_logs_is_held_up_and_memory_is_not_filled(pipe: tuple[int, int], blocking: bool) -> None:
    os.set_blocking(pipe[1], blocking)
    lines, logged = LogLines(pipe[1]), 0

    def log() -> None:
        nonlocal logged
        for number in range(20 * MOST):
            lines.add(b"%060d" % number)
            logged = number + 1

    thread = Thread(target=log)
    thread.start()
    seen = -1
    while seen != logged:  # until it is held up
        seen = logged
        thread.join(1)
    assert seen < 4 * MOST
    assert read(pipe[0], 20 * MOST) == [b"%060d" % number for number in range(20 * MOST)]
    thread.join()


def test_a_request_is_in_the_log_of_a_ledger_that_is_killed_right_after(tmp_path: Path) -> None:
    with replica(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "log") as ledger, ledger.http() as http:
        http.get("/releases", headers={"X-Request-Id": "the-last-one"})
        while "the-last-one" not in ledger.log.read_text():  # with nothing else that would write it
            time.sleep(0.01)
        ledger.process.kill()
        ledger.process.wait(10)
    assert ledger.logged()[-1]["request_id"] == "the-last-one"
