"""How long `waybill-service serve` takes to its first answer, and the memory in which it idles after showing the board;
printed by `make bench` too."""

import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from tools.demo.processes import running

from .load import processor
from .targets import PYTHON, environment, free_port

TIMES = 5
MEGABYTE = 1_000_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        start(Path(folder))  # which makes the bytecode that an image has
        started = [start(Path(folder)) for _ in range(TIMES)]
    names = ("start, seconds (goal: 0.6)", "of these processor time", "idle, megabytes (goal: 70)")
    medians = [statistics.median(column) for column in zip(*started, strict=True)]
    print(json.dumps({name: round(value, 2) for name, value in zip(names, medians, strict=True)}))


def start(folder: Path) -> tuple[float, float, float]:
    """Seconds until it is ready, those of processor time, and megabytes resident once it showed the board."""
    port = free_port()
    env = environment({"DATABASE_URL": f"sqlite:///{folder}/ledger.db", "PORT": str(port)})
    env |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    began = time.perf_counter()
    with running([*PYTHON, "service", "serve"], folder / "log", env) as process, httpx.Client(trust_env=False) as http:
        while process.poll() is None:
            try:
                http.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                seconds, used = time.perf_counter() - began, processor(process.pid)
                http.get(f"http://127.0.0.1:{port}/").raise_for_status()
                return seconds, used, psutil.Process(process.pid).memory_info().rss / MEGABYTE
            except httpx.TransportError:
                time.sleep(0.005)
        raise RuntimeError((folder / "log").read_text())


if __name__ == "__main__":
    main()
