"""Runs every linter on the files that it can check, and fails when one of them complains: `make lint`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
YAMLLINT = CHECKOUT / "tools" / "yamllint.yml"

Chooser = Callable[[list[str]], list[str]]


def everything(_: list[str]) -> list[str]:
    return ["."]


def configured(_: list[str]) -> list[str]:
    """No files: the linter's configuration names them."""
    return []


def workflows(files: list[str]) -> list[str]:
    return [file for file in files if file.startswith(".github/workflows/")]


def github(files: list[str]) -> list[str]:
    """The workflows, and the composite actions and dependabot.yml beside them."""
    return [file for file in files if file.startswith(".github/") and file.endswith((".yml", ".yaml"))]


def shell(files: list[str]) -> list[str]:
    return [file for file in files if (CHECKOUT / file).is_file() and _interpreter(file).endswith(("sh", "bash"))]


def yaml(files: list[str]) -> list[str]:
    """Every YAML file except the chart's templates, which are YAML only after Helm has rendered them."""
    found = [file for file in files if file.endswith((".yaml", ".yml"))]
    return [file for file in found if "/templates/" not in f"/{file}"]


def containerfile(files: list[str]) -> list[str]:
    return [file for file in files if file == "Containerfile"]


def chart(_: list[str]) -> list[str]:
    return ["chart"]


LINTERS: list[tuple[list[str], Chooser]] = [
    (["ruff", "check", "--quiet"], everything),
    (["ruff", "format", "--check", "--quiet"], everything),
    (["mypy", "--no-error-summary"], configured),
    (["yamllint", "--strict", "--config-file", str(YAMLLINT)], yaml),
    (["actionlint"], workflows),
    (["zizmor", "--quiet", "--no-progress", "--offline", "--persona", "auditor"], github),
    (["shellcheck"], shell),
    (["hadolint"], containerfile),
    (["helm", "lint", "--strict", "--quiet"], chart),
]


def main() -> int:
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")[:-1]  # fmt: skip
    failed = []
    for command, choose in LINTERS:
        chosen = choose(files)
        name = " ".join(command[:2]) if command[0] == "ruff" else command[0]
        if choose is not configured and not chosen:
            print(f"{name:12} no files")
            continue
        done = subprocess.run([*command, *chosen], cwd=CHECKOUT, check=False)
        print(f"{name:12} {'complains' if done.returncode else 'ok'}", flush=True)
        failed += [name] if done.returncode else []
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _interpreter(file: str) -> str:
    """The last word of the file's first line if that starts with `#!`, else an empty text."""
    with (CHECKOUT / file).open("rb") as opened:
        first = opened.readline(200)
    return first.decode(errors="replace").split()[-1] if first.startswith(b"#!") and first.split() else ""


if __name__ == "__main__":
    sys.exit(main())
