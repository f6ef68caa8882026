"""All programs that a target misses are named at once, before anything is built or installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import prerequisites
from tools.prerequisites import AS_ROOT, DEBIAN, TARGETS, complaint

CHECKOUT = Path(__file__).resolve().parents[2]


def packages(target: str) -> set[str]:
    """The packages whose programs are found through PATH, which a test can take away."""
    return {DEBIAN[it] for it in TARGETS[target] if not it.startswith(("/", "module:"))}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A fresh checkout, and a folder `bin` with make and sh only."""
    for name in ("tools", "requirements"):
        shutil.copytree(CHECKOUT / name, tmp_path / name)
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    for program in ("make", "sh"):
        (tmp_path / "bin" / program).symlink_to(str(shutil.which(program)))
    return tmp_path


@pytest.mark.parametrize("target", ["setup", "image", "cluster", "e2e", "bench"])
def test_make_names_every_missing_package_and_does_nothing(bare: Path, target: str) -> None:
    before = set(bare.iterdir())
    command = ["make", "--jobs=4", target, f"PYTHON={sys.executable}"]
    env = {"PATH": str(bare / "bin"), "HOME": str(bare)}
    done = subprocess.run(command, cwd=bare, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    install = re.search(r"apt-get install --no-install-recommends (.+)", done.stderr)
    assert install, done.stderr
    assert set(install[1].split()) >= packages(target)
    assert set(bare.iterdir()) == before


@pytest.mark.parametrize("target", sorted(AS_ROOT))
def test_root_and_the_missing_programs_are_asked_for_together(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nonexistent")
    root, *install = complaint(target).splitlines()
    assert root == "Root is needed: a cluster makes namespaces, mounts and a network. Run it as root."
    assert packages(target) <= set(" ".join(install).split())
    assert not install or "sudo apt-get install" in install[-1]


def test_continuous_integration_gets_the_packages_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    prerequisites.main(["--packages", "pages", "bench"])
    assert set(capsys.readouterr().out.split()) >= {"chromium", "wrk", "util-linux"}


def test_every_program_is_needed_and_has_a_package() -> None:
    assert {it for needs in TARGETS.values() for it in needs} == set(DEBIAN)
