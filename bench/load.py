"""One run of wrk against one address: requests a second, and the 99th percentile of the latency."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from .targets import Target

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Request:
    path: str
    body: bytes = b""
    signature: str = ""


@dataclass(frozen=True)
class Rate:
    """Requests a second, milliseconds within which 99 of 100 were answered, and the server's microseconds of processor
    time for each, which other load on the machine changes least."""

    per_second: float
    p99: float
    cpu: float


def load(
    target: Target, requests: Iterable[Request], *, seconds: float, connections: int = CONNECTIONS, pause: int = 0
) -> Rate:
    """`pause`: milliseconds that each connection waits between an answer and the next request. Raises RuntimeError when
    one was not answered with 2xx: such a rate means nothing."""
    with tempfile.NamedTemporaryFile("wb", suffix=".requests") as file:
        method = "GET"
        for it in requests:
            method = "POST" if it.body else method
            file.write(b"\t".join([it.path.encode(), it.signature.encode(), it.body]) + b"\n")
        file.flush()
        # A peer whose SQLite is locked answers late, and answers.
        patient = ["--latency", "--timeout=30s"]
        command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *patient]
        before = processor(target.pid)
        done = subprocess.run(
            [*command, "-s", str(SCRIPT), target.url],
            env={**os.environ, "REQUESTS": file.name, "METHOD": method, "PAUSE": str(pause), "TOKEN": target.token},
            capture_output=True,
            text=True,
            check=False,
        )
        used = processor(target.pid) - before
    said = done.stdout + done.stderr
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    count = re.search(r"(\d+) requests in", said)
    if (
        done.returncode
        or not rate
        or not p99
        or not count
        or re.search("Non-2xx|Socket errors|no request was left", said)
    ):
        raise RuntimeError(f"{target.name}: {said}")
    return Rate(float(rate[1]), float(p99[1]) * UNITS[p99[2]], used * 1_000_000 / max(int(count[1]), 1))


def processor(pid: int) -> float:
    """Seconds that a process and its children have used."""
    parent = psutil.Process(pid)
    used = [it.cpu_times() for it in (parent, *parent.children(recursive=True))]
    return sum(it.user + it.system for it in used)
