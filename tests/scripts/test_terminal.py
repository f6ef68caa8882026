"""What people see: progress is drawn on a terminal, told in plain lines where there is none."""

import os
import pty
import subprocess
import sys

import pytest

from tests.support.builders import TOP, World

CLEAR = b"\r\x1b[K"


def on_a_terminal(world: World, *arguments: str, **more: str) -> tuple[int, bytes]:
    """The exit code, and all that the terminal got."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "scripts", *arguments]
    env = {**os.environ, "PYTHONPATH": str(TOP), "TERM": "xterm", "COLUMNS": "40", **more}
    with subprocess.Popen(command, cwd=world.checkout, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while part := _read(ours):
            seen += part
    os.close(ours)
    return process.returncode, seen


def test_a_terminal_shows_progress_in_place_and_the_result_as_a_table(world: World) -> None:
    image = world.image()
    code, seen = on_a_terminal(world, "bump", "--image", image)
    assert code == 0, seen
    assert b"bump ..." + CLEAR + b"bump      orders-0.1.0\r\n" in seen  # what is under way gives way to what was done
    assert b"orders 0.1.0" in seen.split(CLEAR)[-1]
    assert image.encode() in seen  # whole, on a terminal that is narrower


@pytest.mark.long
def test_what_is_under_way_takes_one_line_however_narrow(world: World) -> None:
    """A line that the terminal wraps could not be taken away again."""
    gitops = world.gitops.with_name("a-name-that-is-longer-than-a-narrow-terminal")
    world.gitops.rename(gitops)
    _, seen = on_a_terminal(world, "plan", "--image", world.image(), "--gitops", str(gitops))
    drawn = [line for part in seen.split(CLEAR) for line in part.split(b"\r\n")[:1] if line.startswith(b"look at")]
    assert drawn
    assert all(len(line) < 40 for line in drawn), drawn


@pytest.mark.parametrize(
    ("arguments", "env", "red"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_a_refusal_is_red_where_colours_are_wanted(
    world: World, arguments: tuple[str, ...], env: dict[str, str], red: bool
) -> None:
    code, seen = on_a_terminal(world, "plan", "--image", "orders:1", *arguments, **env)
    assert code == 1
    assert (b"\x1b[31m" in seen) == red, seen
    if env.get("TERM") == "dumb":
        assert b"\x1b" not in seen


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
