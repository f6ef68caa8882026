"""One run of wrk against one address: requests a second, and the 99th percentile of the latency."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
    """Requests a second, and milliseconds within which 99 of 100 were answered."""

    per_second: float
    p99: float


def load(url: str, requests: Iterable[Request], *, token: str, seconds: float) -> Rate:
    """Raises RuntimeError when one was not answered with 2xx: such a rate means nothing."""
    with tempfile.NamedTemporaryFile("wb", suffix=".requests") as file:
        method = "GET"
        for it in requests:
            method = "POST" if it.body else method
            file.write(b"\t".join([it.path.encode(), it.signature.encode(), it.body]) + b"\n")
        file.flush()
        command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
        done = subprocess.run(
            [*command, "-s", str(SCRIPT), url],
            env={**os.environ, "REQUESTS": file.name, "METHOD": method, "TOKEN": token},
            capture_output=True,
            text=True,
            check=False,
        )
    said = done.stdout + done.stderr
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if done.returncode or not rate or not p99 or re.search("Non-2xx|Socket errors|no request was left", said):
        raise RuntimeError(f"{url}: {said}")
    return Rate(float(rate[1]), float(p99[1]) * UNITS[p99[2]])
