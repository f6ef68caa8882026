"""`make lint` checks every file that one of its linters understands, and fails when one is bad."""

from pathlib import Path

import pytest

from tests.support.builders import git
from tools import lint


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet")
    monkeypatch.setattr(lint, "CHECKOUT", tmp_path)
    monkeypatch.setattr(lint, "LINTERS", [it for it in lint.LINTERS if it[0][0] in ("yamllint", "shellcheck")])
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_bad_file_fails_and_is_named(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(checkout / "good.yaml", "a: 1\n")
    assert lint.main() == 0
    write(checkout / "bad.yaml", "a: 1\na: 2\n")
    write(checkout / "bin" / "bad", "#!/bin/bash\nrm $1\n")
    assert lint.main() == 1
    told = capfd.readouterr().out
    assert "bad.yaml" in told
    assert "bin/bad" in told
    assert told.endswith("failed: yamllint, shellcheck\n")


def test_ignored_files_and_templates_are_not_checked(checkout: Path) -> None:
    write(checkout / ".gitignore", "ignored/\n")
    write(checkout / "ignored" / "bad.yaml", "a: 1\na: 2\n")
    write(checkout / "chart" / "templates" / "config.yaml", "{{ if .Values.a }}\n")
    assert lint.main() == 0


def test_every_linter_of_this_checkout_finds_its_files() -> None:
    assert lint.shell([".ci/run", "Makefile", "tools/lint.py", "gone"]) == [".ci/run"]
    assert lint.workflows([".github/workflows/ci.yml", "chart/values.yaml"]) == [".github/workflows/ci.yml"]
    assert lint.yaml(["a.yml", "b.yaml", "c.json", "chart/templates/d.yaml"]) == ["a.yml", "b.yaml"]
