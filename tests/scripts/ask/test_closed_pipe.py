"""Where nobody reads on, as behind `| head -1`, a command ends quietly, as Unix programs do: 141, as a shell says it of
who was ended by SIGPIPE."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.builders import TOP
from tests.support.service.replica import command
from tests.support.service.story import Story

CLOSED = 141
ASKED = [
    "status",
    "status --json",
    "history",
    "history --json",
    "where orders 1.0.0",
    "figures",
    "compare staging production",
    "status --help",
    "--help",
]


def _into_closed_pipe(args: Sequence[str], env: dict[str, str], *, stderr: bool) -> tuple[int, str]:
    reads, writes = os.pipe()
    os.close(reads)
    error = subprocess.STDOUT if stderr else subprocess.PIPE
    whole = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), **env}
    ran = subprocess.run(
        [sys.executable, "-P", "-m", *args], env=whole, stdout=writes, stderr=error, text=True, check=False
    )
    os.close(writes)
    return ran.returncode, ran.stderr or ""


@pytest.mark.parametrize("args", ASKED)
def test_a_command_that_asks_ends_quietly(story: Story, args: str) -> None:
    asked, env = ["scripts", *args.split()], {"WAYBILL_LEDGER": story.url}
    assert _into_closed_pipe(asked, env, stderr=False) == (CLOSED, "")
    assert _into_closed_pipe(asked, env, stderr=True) == (CLOSED, "")


@pytest.mark.parametrize("args", ["status --bogus", "status nobody", "compare staging"])
def test_a_refusal_that_nobody_reads_leaves_no_traceback(story: Story, args: str) -> None:
    code, _ = _into_closed_pipe(["scripts", *args.split()], {"WAYBILL_LEDGER": story.url}, stderr=True)
    assert code == CLOSED


@pytest.mark.parametrize("args", ["token list", "token --help", "--help"])
def test_so_does_one_of_the_ledgers(tmp_path: Path, args: str) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert command(url, "migrate").code == 0
    assert command(url, "token", "create", "--scope", "read", "--name", "reader").code == 0
    code, said = _into_closed_pipe(["service", *args.split()], {"DATABASE_URL": url}, stderr=False)
    assert code == CLOSED
    assert "Traceback" not in said


def test_one_that_watches_ends_although_nothing_changes(story: Story) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "WAYBILL_LEDGER": story.url}
    asked = [sys.executable, "-P", "-m", "scripts", "status", "--watch"]
    with subprocess.Popen(asked, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        assert watching.stderr
        assert watching.stdout.readline()
        watching.stdout.close()
        assert watching.wait(30) == CLOSED
        assert watching.stderr.read() == ""
