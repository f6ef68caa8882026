"""Writes and checks the lock files in requirements/: `python -m tools.locks write [--upgrade]` and `check`.

The check installs each lock into a fresh venv, without resolving anything, and runs `pip check` there. It also resolves
each lock again, which must change nothing: then no package is missing for another Python or platform.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
REQUIREMENTS = CHECKOUT / "requirements"
SOURCES = {"run": "pyproject.toml"} | {it: f"requirements/{it}.in" for it in ("dev", "build", "bench", "audit", "go")}
RESOLVE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--no-emit-index-url", "--no-header"]
INSTALL = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-compile", "-r"]


def lock(name: str) -> Path:
    return REQUIREMENTS / f"{name}.txt"


def resolve(name: str, output: Path, *more: str) -> None:
    """Write the lock to `output`. Versions that it already holds are kept."""
    # All locks can be installed into one venv, so they must not contradict dev.txt.
    beside = ["--constraint", "requirements/dev.txt"] if name not in ("run", "dev") else []
    command = [*RESOLVE, *PLAIN, *beside, *more, SOURCES[name], "--output-file", str(output)]
    subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)


def pins(text: str) -> set[str]:
    """The lines `name==version ; marker`, without hashes: a project may add a wheel to a version later."""
    return set(re.findall(r"^(\S+==.*?) \\$", text, re.MULTILINE))


def whole(name: str, folder: Path) -> list[str]:
    """What is wrong with the lock; empty when it is whole."""
    again = folder / f"{name}.txt"
    again.write_text(lock(name).read_text())
    resolve(name, again)
    before, after = pins(lock(name).read_text()), pins(again.read_text())
    if before != after:
        return [f"is not what `make lock` writes: {', '.join(sorted(before ^ after))}"]
    venv = folder / name
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    for arguments in ([*INSTALL, lock(name)], ["check"]):
        done = subprocess.run([venv / "bin" / "pip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            return [(done.stderr + done.stdout).strip()]
    return []


def check() -> None:
    failed = False
    for name in SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            wrong = whole(name, Path(folder))
        print("\n".join([f"requirements/{name}.txt {'ok' if not wrong else ''}".rstrip(), *wrong]), flush=True)
        failed = failed or bool(wrong)
    sys.exit(failed)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["write", *more]:
            for name in SOURCES:
                resolve(name, lock(name), *more)
        case ["check"]:
            check()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
