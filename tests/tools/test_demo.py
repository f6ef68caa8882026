"""`make run`: the demo succeeds, its board stays open until Ctrl-C, and then only its folder remains."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.builders import git
from tools.demo.processes import wait_for_line

CHECKOUT = Path(__file__).resolve().parents[2]


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "tools.demo", "--keep", "--folder", str(folder)]


def processes(folder: Path) -> list[str]:
    """Command lines of the processes that have `folder` in their arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(folder).encode() in told and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def of_the_checkout() -> list[str]:
    return [git(CHECKOUT, *words.split()) for words in ("for-each-ref", "status --porcelain", "stash list")]


@pytest.mark.long
def test_the_board_stays_open_until_ctrl_c_and_then_all_ends(tmp_path: Path) -> None:
    folder, log, before = tmp_path / "demo", tmp_path / "log", of_the_checkout()
    with log.open("wb") as output:
        demo = subprocess.Popen(command(folder), cwd=CHECKOUT, stdout=output, stderr=output, start_new_session=True)
    try:
        url = wait_for_line(demo, log, r"The board is open at (http://127\.0\.0\.1:\d+/)", seconds=120)
        assert "waybill" in httpx.get(url, trust_env=False).text
        assert len(processes(folder)) > 2

        second = subprocess.run(command(folder), cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert (second.returncode, second.stdout) == (1, "")
        assert "Another demo runs in" in second.stderr
        assert httpx.get(url, trust_env=False).is_success
    finally:
        os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(30) == 130
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert processes(folder) == []
    assert of_the_checkout() == before
