"""A disk that is full: nothing is acknowledged that is not kept, /readyz says so, and it heals when there is room."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..support.service.replica import Replica, replica
from ..support.service.served import KEYS, event, signature
from ..support.service.sizes import size
from ..support.service.small_disk import SmallDisk, ledger_on

ROUNDS = size(2, 10)
MIB = 1024 * 1024


class Sender:
    """Sends events of 64 KiB, and remembers what was acknowledged."""

    def __init__(self, ledger: Replica) -> None:
        self.http, self.acknowledged, self.number = ledger.http(), dict[bytes, int](), 0

    def post(self, body: bytes) -> httpx.Response:
        signed = {"X-Signature": signature(body, KEYS["staging"][0])}
        answer = self.http.post("/hooks/flux/staging", content=body, headers=signed)
        if answer.status_code in (200, 201):
            assert self.acknowledged.setdefault(body, answer.json()["id"]) == answer.json()["id"]
        return answer

    def say(self) -> int:
        self.number += 1
        said: Any = event(resource_version=self.number, padding=f"{self.number}" * 10_000)
        answer = self.post(json.dumps(said).encode())
        assert answer.status_code in (201, 503), answer.text
        assert "retry-after" not in answer.headers
        if answer.status_code == 503:
            assert answer.json()["detail"] == "The database's file cannot be used: database or disk is full."
        return answer.status_code


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with ledger_on(tmp_path, 48) as it:
        yield it


@pytest.mark.long
def test_a_full_disk_loses_nothing_and_heals(disk: SmallDisk, tmp_path: Path) -> None:
    sender = Sender(disk.replica)
    ready = lambda: sender.http.get("/readyz")  # noqa: E731
    for _ in range(ROUNDS):
        disk.leave(20 * MIB)
        _until(lambda: ready().status_code == 200)
        assert sender.say() == 201
        disk.leave(4 * MIB)
        _until(lambda: ready().status_code == 503)
        assert "The disk has less than 8 MiB left." in ready().text
        disk.leave(0)
        _until(lambda: sender.say() == 503)
        assert [sender.say() for _ in range(10)].count(503) > 5
        assert ready().status_code == 503
        assert sender.http.get("/healthz").status_code == 200
        assert sender.http.get("/environments/staging").status_code == 200
    disk.leave(20 * MIB)
    _until(lambda: ready().status_code == 200)
    assert {sender.post(body).status_code for body in list(sender.acknowledged)} == {200}
    _is_whole_after_a_crash(disk, sender, tmp_path)


def _is_whole_after_a_crash(disk: SmallDisk, sender: Sender, folder: Path) -> None:
    kept = os.open(disk.inside, os.O_RDONLY)  # the disk stays for as long as this is open
    disk.replica.process.kill()
    disk.replica.process.wait(10)
    for it in Path(f"/proc/self/fd/{kept}").glob("ledger.db*"):
        shutil.copy(it, folder)
    os.close(kept)
    with replica(f"sqlite:///{folder}/ledger.db", folder / "again") as again:
        after = Sender(again)
        after.acknowledged = sender.acknowledged
        assert {after.post(body).status_code for body in list(sender.acknowledged)} == {200}
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _until(is_so: Any) -> None:
    for _ in range(2_000):
        if is_so():
            return
    raise AssertionError("it never came")
