"""A Go tool is pinned by hash, and built only when something changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import build

TOOLS = sorted(path.parent for path in build.GO.glob("*/go.mod"))
BUILT = [folder for folder in TOOLS if folder.name != "flux-crds"]  # that one is read, never run


@pytest.mark.parametrize("folder", BUILT, ids=lambda folder: folder.name)
def test_a_tool_names_a_version_whose_hash_is_known(folder: Path) -> None:
    _, version = build.pinned((folder / "go.mod").read_text())
    assert f" {version} h1:" in (folder / "go.sum").read_text()


def test_helm_reports_the_pinned_version() -> None:
    _, version = build.pinned((build.GO / "helm" / "go.mod").read_text())
    said = subprocess.run(["helm", "version", "--short"], capture_output=True, check=True, text=True).stdout
    assert said.startswith(version)


def test_what_is_built_is_not_built_again() -> None:
    """Go is not even looked for: PATH has no program."""
    command = [sys.executable, build.__file__, "helm", "registry", "crane", "kustomize"]
    done = subprocess.run(command, env=os.environ | {"PATH": "/nonexistent"}, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_changed_pin_or_a_missing_program_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(build.GO / "crane", tmp_path / "tools" / "crane")
    for name in ("bin", "keys"):
        (tmp_path / ".tools" / name).mkdir(parents=True)
        shutil.copy(build.CHECKOUT / ".tools" / name / "crane", tmp_path / ".tools" / name)
    monkeypatch.setattr(build, "GO", tmp_path / "tools")
    monkeypatch.setattr(build, "BINARIES", tmp_path / ".tools" / "bin")
    monkeypatch.setattr(build, "KEYS", tmp_path / ".tools" / "keys")
    assert build.is_built("crane")

    pins = tmp_path / "tools" / "crane" / "go.sum"
    before = pins.read_bytes()
    pins.write_bytes(before + b"\n")
    assert not build.is_built("crane")
    pins.write_bytes(before)
    assert build.is_built("crane")
    (build.BINARIES / "crane").unlink()
    assert not build.is_built("crane")
