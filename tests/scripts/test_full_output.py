"""An output that takes no more is told in a sentence, with exit code 1, whether Python keeps lines back or not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.builders import TOP
from tests.support.service.replica import command

TOOLS = ["scripts --help", "scripts plan --help", "scripts plan --image x --json"]
LEDGERS = ["service --help", "service token --help", "service token create --scope read"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("args", [*TOOLS, *LEDGERS])
def test_a_full_disk_is_told(tmp_path: Path, args: str, unbuffered: str) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if args in LEDGERS:
        assert command(url, "migrate").code == 0
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "DATABASE_URL": url, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        asked = [sys.executable, "-P", "-m", *args.split()]
        ran = subprocess.run(asked, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "No space left on device" in ran.stderr
    assert "ake room there, then run the same command again" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
