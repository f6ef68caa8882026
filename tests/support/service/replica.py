"""The ledger as a process of its own, as `waybill-service` runs it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support import forked
from tests.support.builders import TOP, Ran
from tools.demo.processes import wait_for_line

from . import pooler
from .served import KEYS

AMPLE = "1000000/min, 65536MiB/min, 1000000 places"  # one client of a test sends what many senders do


def settings(database_url: str, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    ours = {"PYTHONPATH": str(TOP), "PORT": "0", "FLUX_KEYS": json.dumps(KEYS), "EVENT_QUOTA": AMPLE}
    ours |= {"DATABASE_URL": database_url, "DATABASE_POOLER": pooler.MODE}
    return {**kept, **ours, **more}


def command(database_url: str, *args: str, **more: str) -> Ran:
    """`waybill-service ARGS`, finished."""
    return Ran(*forked.run("service", args, TOP, settings(database_url, **more)))


@dataclass
class Replica:
    log: Path
    process: forked.Process
    url: str = ""

    def wait(self) -> "Replica":
        """Until it serves."""
        self.url = wait_for_line(self.process, self.log, r"(http://127\.0\.0\.1:\d+)")
        return self

    def logged(self) -> list[dict[str, Any]]:
        """Every line of its log; each must be a JSON object."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=15)


@contextmanager
def starting(database_url: str, log: Path, **more: str) -> Iterator[Replica]:
    """One that may not serve yet."""
    log.write_bytes(b"")
    process = forked.start("service", ["serve"], TOP, settings(database_url, **more), log, log)
    try:
        yield Replica(log, process)
    finally:
        process.terminate()
        if process.wait(10) is None:
            process.kill()


@contextmanager
def replica(database_url: str, log: Path, **more: str) -> Iterator[Replica]:
    with starting(database_url, log, **more) as it:
        yield it.wait()
