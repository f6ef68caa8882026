"""Processes that end with a `with` block, together with all processes that they started."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_cleanly() -> None:
    """Make Ctrl-C, `kill` and a closed terminal leave every `with` block. A second one is ignored."""

    def stop(number: int, _: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in STOPPING:
        signal.signal(each, stop)


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command` in its own process group, and end the group with the block. Its output goes to `log` or ours."""
    process = None
    try:
        with (log or Path(os.devnull)).open("wb") as file, _no_signals():
            output = file if log else None
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        yield process
    finally:
        if process:
            with _no_signals():
                _end(process)


@contextmanager
def _no_signals() -> Iterator[None]:
    """Delay signals that stop us until the block has ended, else a process that starts just then could be left running.

    A signal mask would not do: the started process would inherit it.
    """
    came: list[int] = []
    before = {number: signal.signal(number, lambda it, _: came.append(it)) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def wait_for_line(process: subprocess.Popen[bytes], log: Path, pattern: str, seconds: float = 30) -> str:
    """The first group of the first match of `pattern` in `log`.

    Raises RuntimeError with the log when the process ends, or writes nothing that matches in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        alive = process.poll() is None
        text = log.read_text(errors="replace")
        if found := re.search(pattern, text):
            return found[1]
        if not alive or time.monotonic() > deadline:
            state = "wrote nothing like it in time" if alive else f"ended with {process.returncode}"
            raise RuntimeError(f"waited for {pattern!r}: {process.args!r} {state}\n{text}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except ProcessLookupError:  # the whole group is gone
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
