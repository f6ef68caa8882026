"""All processes that the demo starts end with it, even when it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.demo.processes import running, wait_for_line

# It has a child, and prints both process ids.
OBEDIENT = "sleep 60 & echo started $$ $!; wait"
SIGNALLED = f"""
from pathlib import Path
from tools.demo.processes import running, stop_cleanly

stop_cleanly()
with running(["sh", "-c", {OBEDIENT!r}], Path("LOG")) as process:
    process.wait()
"""
# The signal comes when the process runs already, but its id is not known yet.
AT_THE_START = """
import signal, subprocess

class Popen(subprocess.Popen):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        signal.raise_signal(signal.SIGTERM)

subprocess.Popen = Popen
"""


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie, which only waits to be reaped, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def are_gone(pids: list[int]) -> bool:
    """Whether all have ended; a signal that was sent takes a moment to be received."""
    deadline = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(is_alive(pid) for pid in pids)


def started(process: "subprocess.Popen[bytes]", log: Path) -> list[int]:
    return [int(pid) for pid in wait_for_line(process, log, r"started (\d+ \d+)\n").split()]


def test_a_child_of_a_child_ends_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(["sh", "-c", OBEDIENT], log) as process:
        pids = started(process, log)
        assert all(is_alive(pid) for pid in pids)
    assert are_gone(pids)


def test_the_error_shows_what_a_program_wrote_that_ended_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        running(["sh", "-c", "echo port is taken; exit 3"], log) as process,
        pytest.raises(RuntimeError, match=r"ended with 3\nport is taken"),
    ):
        wait_for_line(process, log, "listening")


def test_waiting_for_a_silent_program_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(["sleep", "600"], log) as process, pytest.raises(RuntimeError, match="wrote nothing like it in time"):
        wait_for_line(process, log, "listening", seconds=0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    log.touch()
    program = [sys.executable, "-c", SIGNALLED.replace("LOG", str(log))]
    outer = subprocess.Popen(program, cwd=Path(__file__).parents[2])
    pids = started(outer, log)
    os.kill(outer.pid, number)
    assert outer.wait(20) == 128 + number
    assert are_gone(pids)


def test_a_signal_during_a_start_leaves_nothing_running(tmp_path: Path) -> None:
    marker = f"60.{os.getpid()}"  # a number of seconds that no other test uses
    program = AT_THE_START + SIGNALLED.replace("sleep 60", f"sleep {marker}").replace("LOG", str(tmp_path / "log"))
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 128 + signal.SIGTERM
    sleeping = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in read(path)]
    assert are_gone([int(path.name) for path in sleeping])


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
