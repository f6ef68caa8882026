"""Runs a program in network, mount and process namespaces of its own.

What it starts, mounts or adds to its network belongs to them and ends with them, so it is enough to end one process.
Only two things are outside: control groups, and the virtual cable from this machine's network.

Clusters of different names, which WAYBILL_CLUSTER gives, run side by side.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .waiting import wait_for

CHECKOUT = Path(__file__).resolve().parents[2]
CLUSTERS = CHECKOUT / ".cluster"
FOLDER = CLUSTERS / (os.environ.get("WAYBILL_CLUSTER") or "main")
PID = "pid"  # the file in a cluster's folder
BRIDGE, ADDRESS, PERSON = "wb0", "10.244.0.1", "10.244.0.254"
CGROUPS = Path("/sys/fs/cgroup")
INSIDE = "tools.cluster.inside"
ENTER = """\
echo $$ >"$0"
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done
shift
exec "$@"
"""


def name_of(folder: Path) -> str:
    """Interfaces and control groups belong to the whole machine, so each cluster has its own name for them."""
    return f"waybill{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


NAME = name_of(FOLDER)


def start(command: Sequence[str], output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start `command` inside. With `output` it goes on when the terminal is closed.

    The process id is written to PID before anything exists that would have to be cleaned up.
    """
    own = ["unshare", "--mount", "--net", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc"]
    enter = ["sh", "-c", ENTER, str(FOLDER / PID), *map(str, _groups()), "--"]
    return subprocess.Popen(
        [*enter, *own, sys.executable, "-m", INSIDE, *command],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=output is not None,
    )


def found(folder: Path = FOLDER) -> int | None:
    """The id of the process that holds the namespaces, or None, also when another process has that id by now."""
    with suppress(OSError, ValueError):
        pid = int((folder / PID).read_text())
        process = Path(f"/proc/{pid}")
        if INSIDE in process.joinpath("cmdline").read_text() and process.joinpath("cwd").resolve() == CHECKOUT:
            return pid
    return None


def first_inside(pid: int) -> int | None:
    """The first process inside, by its id outside."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
    return None


def join() -> None:
    """Connect this machine to the bridge inside with a virtual cable, which disappears with either end."""
    pid = found()
    inside = pid and first_inside(pid)
    for words in (
        f"ip link add {NAME} type veth peer name person netns {inside}",
        f"nsenter --target {inside} --net ip link set person master {BRIDGE} up",
        f"ip address add {PERSON}/24 dev {NAME}",
        f"ip link set {NAME} up",
    ):
        subprocess.run(words.split(), check=True)


def end(folder: Path = FOLDER) -> bool:
    """End all that `start` started, and remove what is outside. False when nothing was running."""
    pid, name = found(folder), name_of(folder)
    if pid:
        inside = first_inside(pid)
        for each in filter(None, (pid, inside)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        wait_for("the processes of the cluster to end", lambda: not any(map(_alive, filter(None, (pid, inside)))))
    wait_for("its network to go", lambda: not Path(f"/sys/class/net/{name}").exists())
    wait_for("its control groups to go", lambda: _no_groups(name))
    (folder / PID).unlink(missing_ok=True)
    return pid is not None


def forget() -> None:
    """Remove all files of the last cluster, its logs too."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    CLUSTERS.mkdir(mode=0o700, exist_ok=True)
    FOLDER.mkdir(mode=0o700)


def _groups() -> list[Path]:
    """Make a control group in each hierarchy; inside it looks like the root group."""
    groups = []
    for top in (file.parent for file in CGROUPS.glob("*/cgroup.procs")):
        ours = top / NAME
        ours.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # empty in a new group, which then cannot run anything
            if (top / name).exists():
                (ours / name).write_text((top / name).read_text())
        groups.append(ours)
    return groups


def _alive(pid: int) -> bool:
    """Whether the process exists and is no zombie: a zombie holds nothing any more."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _no_groups(name: str) -> bool:
    """Remove the groups, deepest first, and say whether all are gone; the kernel refuses while a process is ending."""
    tops = [top for top in (*CGROUPS.glob(name), *CGROUPS.glob(f"*/{name}")) if top.is_dir()]
    for top in tops:
        for group, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                Path(group).rmdir()
    return not any(top.exists() for top in tops)
