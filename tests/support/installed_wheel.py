"""The wheel as a stranger gets it: built from the checkout and installed into an empty venv of its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What `command` prints; it sees no PYTHONPATH."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=CHECKOUT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, venv: Path, lock: str) -> Path:
    """A venv with `wheel` and what requirements/`lock` locks, and nothing else; returns its bin folder.

    The locked distributions are linked from the venv that runs the tests, where pip installed them by their hashes:
    no network, and seconds saved. So this shows that these distributions suffice and that the wheel is whole, not
    that an index serves them.
    """
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    (site,) = (venv / "lib").glob("python*/site-packages")
    for found in locked(lock):
        # Programs lie outside, at `../../bin`: nobody calls them.
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if top.endswith(".dist-info"):  # uv sees no linked ones
                shutil.copytree(found.locate_file(top), site / top)
            elif not (site / top).exists():
                (site / top).symlink_to(found.locate_file(top))
    uv = ["uv", "--offline", "--no-cache", "--quiet", "pip"]
    run(*uv, "install", "--python", venv, "--no-index", "--no-deps", wheel)
    run(*uv, "check", "--python", venv)
    return venv / "bin"


def contents(wheel: Path) -> set[str]:
    """Names of the wheel's files, its metadata left out."""
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def locked(lock: str) -> Iterator[Distribution]:
    """The distributions that requirements/`lock` names for this machine."""
    for line in (CHECKOUT / "requirements" / lock).read_text().splitlines():
        if "==" in line and not line.startswith(" "):
            wanted = Requirement(line.rstrip("\\ "))
            if wanted.marker is None or wanted.marker.evaluate():
                yield distribution(wanted.name)
