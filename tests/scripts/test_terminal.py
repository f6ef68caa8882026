"""What people see: progress is drawn on a terminal, told in plain lines where there is none."""

import os
import pty
import subprocess
import sys

from tests.support.builders import TOP, World


def test_a_terminal_shows_progress_in_place_and_the_result_as_a_table(world: World) -> None:
    ours, theirs = pty.openpty()
    image = world.image()
    command = [sys.executable, "-P", "-m", "scripts", "bump", "--image", image]
    env = {**os.environ, "PYTHONPATH": str(TOP), "TERM": "xterm", "COLUMNS": "40"}
    with subprocess.Popen(command, cwd=world.checkout, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while part := _read(ours):
            seen += part
    os.close(ours)
    assert process.returncode == 0, seen
    assert b"\x1b[?25l" in seen  # the cursor is hidden while something turns
    assert b"bump      orders-0.1.0\r\n" in seen
    assert b"orders 0.1.0" in seen.split(b"release")[-1]
    assert image.encode() in seen  # whole, on a terminal that is narrower


def _read(terminal: int) -> bytes:
    """What comes next; nothing when the program has ended."""
    try:
        return os.read(terminal, 2**16)
    except OSError:
        return b""


def test_without_one_there_are_plain_lines(world: World) -> None:
    ran = world.waybill("bump", "--image", world.image())
    assert "\x1b" not in ran.stdout + ran.stderr
    assert ran.stderr.splitlines()[:2] == ["bump ...", "bump      orders-0.1.0"]
    assert ran.stdout.splitlines()[0].split() == ["release", "orders", "0.1.0"]
