"""Writes and checks the lock files in requirements/: `python -m tools.locks write [--upgrade]` and `check`.

The check installs each lock into a fresh venv, without resolving anything, and runs `pip check` there. The metadata of
the installed packages then says whether the lock is whole for every Python. What the registry publishes later changes
nothing.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.lock_gaps import CHECKOUT, PYTHONS, RUN, TOOL, Source, lacking

REQUIREMENTS = CHECKOUT / "requirements"
IN_FILES = {it: Source(f"requirements/{it}.in") for it in ("dev", "build", "bench", "audit", "go")}
EXTRAS = {it: Source("pyproject.toml", it) for it in ("sign", "keyless")}
SOURCES = {"run": RUN} | IN_FILES | {"tool": TOOL} | EXTRAS
RESOLVE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--no-emit-index-url", "--no-header"]
INSTALL = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-compile", "-r"]


def lock(name: str) -> Path:
    return REQUIREMENTS / f"{name}.txt"


def resolve(name: str, output: Path, *more: str) -> None:
    """Write the lock to `output`. Versions that it already holds are kept."""
    # All locks can be installed into one venv, so they must not contradict dev.txt.
    beside = ["--constraint", "requirements/dev.txt"] if name not in ("run", "dev") else []
    source = SOURCES[name]
    extra = ["--extra", source.extra] if source.extra else []
    command = [*RESOLVE, *PLAIN, *beside, *more, source.file, *extra, "--output-file", str(output)]
    subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)


def wrong(name: str, venv: Path) -> list[str]:
    """What is wrong with the lock, which is installed into a new `venv`; empty when it is whole."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    for arguments in ([*INSTALL, lock(name)], ["check"]):
        done = subprocess.run([venv / "bin" / "pip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            return [(done.stderr + done.stdout).strip()]
    packages = [str(it) for it in venv.glob("lib/python*/site-packages")]
    return [f"Python {it}: {gap}" for it in PYTHONS for gap in lacking(lock(name), SOURCES[name], it, packages)]


def check() -> None:
    failed = False
    for name in SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            found = wrong(name, Path(folder, name))
        print("\n".join([f"requirements/{name}.txt: {'not whole' if found else 'ok'}", *found]), flush=True)
        failed = failed or bool(found)
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
