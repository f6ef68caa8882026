"""CI as root fails when the end-to-end tests could not be run; only without root they may be left out."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.build import CHECKOUT

STUBS = {
    "make": '[ "$1" != "$BROKEN" ] || exit "$STATUS"\necho "made $*"',
    "id": 'echo "$USER_ID"',
    "unshare": '[ unshare != "$BROKEN" ]',
    "python3": '[ -z "$MISSING" ] || echo "$MISSING"',
    "apt-get": '[ apt-get != "$BROKEN" ]',
    "timeout": 'shift; "$@"',
}


@pytest.fixture
def ci(tmp_path: Path) -> Path:
    """A folder with the script, and programs in `bin` that only say what they were called with."""
    (tmp_path / "bin").mkdir()
    for name, text in STUBS.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(CHECKOUT / ".ci" / "run", tmp_path / ".ci")
    return tmp_path


def run(ci: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {"USER_ID": "0", "BROKEN": "", "STATUS": "2", "MISSING": "", **settings}
    env["PATH"] = f"{ci / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run([ci / ".ci" / "run"], env=env, capture_output=True, text=True, check=False)


def test_as_root_everything_is_run(ci: Path) -> None:
    done = run(ci)
    assert done.returncode == 0, done.stderr
    targets = [
        "lint",
        "generate ARGS=--check",
        "test ARGS=--all",
        "locks",
        "databases",
        "image",
        "cluster-parts",
        "e2e",
    ]
    assert done.stdout.splitlines() == [f"made {target}" for target in targets]


def test_without_root_the_cluster_is_left_out(ci: Path) -> None:
    done = run(ci, USER_ID="1000", BROKEN="unshare")
    assert done.returncode == 0
    assert "made e2e" not in done.stdout
    assert done.stdout.endswith("make databases, make image and make e2e are left out: root installs what they need.\n")


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"BROKEN": "unshare"}, "root may not make namespaces on this machine"),
        ({"BROKEN": "cluster-parts"}, "its parts cannot be built"),
        ({"BROKEN": "cluster-parts", "STATUS": "124"}, "its parts were not built within 45 minutes"),
        ({"BROKEN": "apt-get", "MISSING": "buildah runc"}, "Debian's packages cannot be installed"),
    ],
)
def test_as_root_it_fails_and_says_why_the_cluster_cannot_run(ci: Path, settings: dict[str, str], cause: str) -> None:
    done = run(ci, **settings)
    assert done.returncode == 1
    assert done.stderr.startswith("CI fails: ")
    assert cause in done.stderr


@pytest.mark.parametrize("target", ["lint", "generate", "test", "locks", "databases", "e2e"])
def test_a_failed_target_fails_it(ci: Path, target: str) -> None:
    done = run(ci, BROKEN=target)
    assert done.returncode == 2
    assert f"made {target}" not in done.stdout
