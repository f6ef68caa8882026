"""Checks that the programs are installed that a target needs: `python tools/prerequisites.py e2e`.

It names all that are missing at once, with the command that installs them on Debian. With `--packages` it only prints
the names of the missing Debian packages.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

# Program, file or Python module: the Debian package that contains it.
DEBIAN = {
    "git": "git",
    "module:ensurepip": "python3-venv",
    "chromium": "chromium",
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "busybox": "busybox-static",
    "openssl": "openssl",
    "gcc": "gcc",
    "/usr/include/stdio.h": "libc6-dev",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "wrk": "wrk",
    "taskset": "util-linux",
    "/usr/sbin/pgbouncer": "pgbouncer",
}
SETUP = ("git", "module:ensurepip")
CLUSTER = (
    *("containerd", "runc", "/usr/lib/cni/bridge", "iptables", "ip", "unshare", "busybox", "openssl"),
    *("gcc", "/usr/include/stdio.h"),  # to build Gitea, whose SQLite is written in C
)
TARGETS = {
    "setup": SETUP,
    "pages": ("chromium",),  # without it `make test` skips the tests of the board's pages
    "image": (*SETUP, "buildah"),
    "base": ("debootstrap",),  # makes a base image where the pinned one cannot be pulled
    "cluster": (*SETUP, *CLUSTER),
    "cluster-down": (),
    "e2e": (*SETUP, *CLUSTER, "buildah", "debootstrap", "chromium"),
    "databases": (*SETUP, "/usr/sbin/pgbouncer"),
    "bench": (*SETUP, "wrk", "taskset"),
}
AS_ROOT = {"cluster", "cluster-down", "e2e"}


def missing(targets: Iterable[str]) -> list[str]:
    """The Debian packages of the missing programs."""
    return sorted({DEBIAN[it] for target in targets for it in TARGETS[target] if not _is_here(it)})


def complaint(*targets: str) -> str:
    """What to do before `targets` can run. Empty when nothing is missing."""
    said = []
    if os.geteuid() and AS_ROOT.intersection(targets):
        said.append("Root is needed: a cluster makes namespaces, mounts and a network. Run it as root.")
    if packages := missing(targets):
        sudo = "sudo " if os.geteuid() else ""
        install = f"{sudo}apt-get install --no-install-recommends {' '.join(packages)}"
        said.append(f"Programs are missing. On Debian this installs them:\n  {install}")
    return "\n".join(said)


def _is_here(it: str) -> bool:
    if it.startswith("/"):
        return Path(it).exists()
    kind, _, module = it.partition(":")
    return find_spec(module) is not None if module else shutil.which(kind) is not None


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--packages"]:
        print(" ".join(missing(arguments[1:])))
    else:
        sys.exit(complaint(*arguments) or None)


if __name__ == "__main__":
    main(sys.argv[1:])
