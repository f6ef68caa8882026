"""The first process inside the namespaces: `python -m tools.cluster.inside COMMAND...`.

It makes a network with a loopback and one bridge, puts what is written to /var and /run elsewhere, runs the command and
ends with it; the kernel then ends every other process here.
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
    os.environ["TMPDIR"] = "/var/tmp"  # noqa: S108 - as /var is, it is the folder's, and goes with it
    # Ctrl-C reaches the command by itself: the terminal sends it to the whole group.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        pid, status = os.wait()  # here every orphan ends up
        if pid == process.pid:
            return abs(os.waitstatus_to_exitcode(status))


def _network() -> None:
    for words in (
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {ADDRESS}/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
        # To nowhere: the node's own address is looked for on the interface of the default route.
        f"route add default dev {BRIDGE}",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _files() -> None:
    """/run is empty and ends with us, /var is the machine's with our writes in the folder."""
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
    """The group that this runs in is the top of all that is seen here."""
    for ours in CGROUPS.glob(f"*/{NAME}"):
        _mount("--bind", str(ours), str(ours.parent))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
