"""Known vulnerabilities in what is locked: `python -m tools.audit [NAME...]`, where a name is that of a lock or a tool.

pip-audit judges the Python locks. govulncheck judges the Go tools by the functions that they call. Both need the
network.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import locks
from .build import CHECKOUT, GO, GO_ENVIRONMENT, go_program, pinned

PYTHON = ["pip-audit", "--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--requirement"]
READ_ONLY = {"chart-crds", "flux-crds"}  # their modules hold schemas; nothing of them is built


def tools() -> list[str]:
    return sorted({file.parent.name for file in GO.glob("*/go.mod")} - READ_ONLY)


def passes(name: str, command: Sequence[str | Path], folder: Path) -> bool:
    print(f"== {name}", flush=True)
    go = Path(go_program()).parent  # govulncheck runs it
    env = os.environ | GO_ENVIRONMENT | {"PATH": f"{go}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=env, check=False).returncode == 0


def main(names: list[str]) -> None:
    known: dict[str, tuple[Sequence[str | Path], Path]] = {
        name: ([*PYTHON, locks.lock(name)], CHECKOUT) for name in locks.SOURCES
    }
    for name in tools():
        packages, _ = pinned((GO / name / "go.mod").read_text())
        known[name] = (["govulncheck", *packages], GO / name)
    if unknown := set(names) - known.keys():
        sys.exit(f"There is no lock or tool named {', '.join(sorted(unknown))}. There are {', '.join(known)}.")
    failed = [name for name in names or known if not passes(name, *known[name])]
    if failed:
        sys.exit(f"An advisory names these, or they could not be checked: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
