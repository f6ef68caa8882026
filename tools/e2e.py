"""Runs the end-to-end tests: `python -m tools.e2e ARGUMENTS OF PYTEST...`.

Two lanes side by side, each with a cluster of its own: most of the time they wait for Flux. What the second says is
shown when it has ended. Where one fails, or this is asked to end, both are ended.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Lock
from typing import IO

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
TESTS = Path("tests/e2e")
# Chapters that begin with a cluster in which nothing of Waybill is. The strangers need one for themselves.
STRANGERS = ["test_listen_first.py"]
NEWCOMERS = ["test_8_adopted.py", "test_90_signatures.py", "test_91_moved.py", "test_92_gitless.py"]
NEWCOMERS += ["test_9_the_tutorial.py"]
RESIDENTS = sorted({it.name for it in (CHECKOUT / TESTS).glob("test_*.py")} - {*STRANGERS, *NEWCOMERS})

PASSED = 0
FINE = {PASSED, int(pytest.ExitCode.NO_TESTS_COLLECTED)}  # the arguments may choose none of a lane


class Lane:
    """Runs each of `several` lists of chapters in a new cluster, which WAYBILL_CLUSTER names."""

    def __init__(self, name: str, *several: Sequence[str]) -> None:
        self._name, self._several = name, several
        self._lock, self._running, self._ended = Lock(), list[subprocess.Popen[bytes]](), False

    def run(self, arguments: Sequence[str], output: IO[bytes] | None) -> set[int]:
        """The exit codes of pytest; after one that is not FINE nothing more is run."""
        codes = set[int]()
        program = [sys.executable, "-m", "pytest", "--verbose", "--durations=6", "--exitfirst"]
        for chapters in self._several:
            command = [*program, *(str(TESTS / it) for it in chapters), *arguments]
            with self._lock:
                if self._ended:
                    break
                process = subprocess.Popen(
                    [sys.executable, "-m", "tools.cluster", "run", *command],
                    cwd=CHECKOUT,
                    env=os.environ | {"WAYBILL_CLUSTER": self._name},
                    stdout=output,
                    stderr=output,
                )
                self._running = [process]
            codes.add(process.wait())
            if codes - FINE:
                break
        return codes

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for it in self._running:
                it.terminate()


def main(arguments: Sequence[str]) -> int:
    first, second, codes = Lane("main", RESIDENTS), Lane("other", STRANGERS, NEWCOMERS), set[int]()
    with tempfile.TemporaryFile() as told, ThreadPoolExecutor() as pool:
        try:
            running = [pool.submit(first.run, arguments, None), pool.submit(second.run, arguments, told)]
            for it in as_completed(running):
                codes |= it.result()
                if codes - FINE:
                    break
        finally:
            first.end()
            second.end()
            pool.shutdown()
            told.seek(0)
            print("The second lane said:", flush=True)
            sys.stdout.buffer.write(told.read())
    return 0 if PASSED in codes <= FINE else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
