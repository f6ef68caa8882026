"""The first process inside the namespaces: `python -m tools.cluster.inside COMMAND...`.

It sets up a network with loopback and one bridge, redirects what is written to /var and /run, runs the command and ends
with it. The kernel then ends every other process in the namespaces.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .namespaces import ADDRESS, BRIDGE, CGROUPS, FOLDER, NAME


def main(command: Sequence[str]) -> int:
    _network()
    _files()
    _control_groups()
    os.environ["TMPDIR"] = "/var/tmp"  # noqa: S108 - as all of /var, it is inside FOLDER and removed with it
    # The terminal sends Ctrl-C to the command too, as it is in the same process group.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        pid, status = os.wait()  # orphaned processes become children of this one
        if pid == process.pid:
            return abs(os.waitstatus_to_exitcode(status))


def _network() -> None:
    for words in (
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {ADDRESS}/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
        # It leads nowhere, but kubelet takes the node's address from the interface of the default route.
        f"route add default dev {BRIDGE}",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _files() -> None:
    """Give /run an empty file system, and lay a folder over /var that takes all writes."""
    upper, work = FOLDER / "var", FOLDER / "var-work"
    resolver = FOLDER / "resolv.conf"
    for folder in (upper, work):
        folder.mkdir(parents=True, exist_ok=True)
    resolver.write_text(f"nameserver {ADDRESS}\n")
    over = f"lowerdir=/var,upperdir={upper},workdir={work}"
    _mount("-t", "overlay", "-o", over, "overlay", "/var")
    _mount("-t", "tmpfs", "tmpfs", "/run")
    _mount("--bind", str(resolver), str(Path("/etc/resolv.conf").resolve()))


def _control_groups() -> None:
    """Make our control group look like the root group."""
    for ours in CGROUPS.glob(f"*/{NAME}"):
        _mount("--bind", str(ours), str(ours.parent))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
