"""The Makefile's own venv, which it makes anew when a lock changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_venv_behind_a_symbolic_link_is_never_emptied(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/prerequisites.py").touch()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "kept").touch()
    (tmp_path / ".venv").symlink_to(theirs)
    command = ["make", ".venv/tool.stamp", f"PYTHON={sys.executable}"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, [it.name for it in theirs.iterdir()]) == (2, ["kept"])
    assert ".venv is a symbolic link" in done.stdout
    assert "rm .venv" in done.stdout
