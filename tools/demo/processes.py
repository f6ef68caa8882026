"""Processes that live as long as a `with` block and never longer."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command` with its output in `log`; stop it when the block ends, however it ends."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_line(process: subprocess.Popen[bytes], log: Path, pattern: str, seconds: float = 30) -> str:
    """The first group of the first match of `pattern` in `log`.

    Raises RuntimeError with the log when the process ends, or says nothing like it in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        alive = process.poll() is None
        text = log.read_text(errors="replace")
        if found := re.search(pattern, text):
            return found[1]
        if not alive or time.monotonic() > deadline:
            state = "said nothing like it in time" if alive else f"ended with {process.returncode}"
            raise RuntimeError(f"waited for {pattern!r}: {process.args!r} {state}\n{text}")
        time.sleep(0.02)
