"""A ledger whose database is on a disk of its own, of a few MiB, that only it sees."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.builders import TOP
from tools.demo.processes import wait_for_line

from .replica import Replica, settings

MOUNTED = "mount -t tmpfs -o size={mib}m,mode=0700 tmpfs {folder} && exec {python} -P -m service {args}"


@dataclass
class SmallDisk:
    """`inside`: how the ledger's folder is reached from here while it runs."""

    replica: Replica
    inside: Path

    def leave(self, room: int) -> None:
        """So many bytes, by a file of somebody else."""
        ballast = self.inside / "ballast"
        ballast.unlink(missing_ok=True)
        free = shutil.disk_usage(self.inside).free - room
        with ballast.open("wb") as file:
            for _ in range(max(0, free) // 4096):
                file.write(bytes(4096))


@contextlib.contextmanager
def ledger_on(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """Skips where a user may make no disk, as in some containers."""
    unshare = shutil.which("unshare")
    able = unshare and not subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode
    if not able or not unshare:
        pytest.skip("no mounts of one's own here")
    disk, log = folder / "disk", folder / "log"
    disk.mkdir()
    command = MOUNTED.format(mib=mib, folder=disk, python=sys.executable, args="serve")
    env = settings(f"sqlite:///{disk}/ledger.db")
    with log.open("wb") as out:
        process = subprocess.Popen([unshare, "-rm", "sh", "-c", command], cwd=TOP, env=env, stdout=out, stderr=out)
    try:
        url = wait_for_line(process, log, r"(http://127\.0\.0\.1:\d+)")
        yield SmallDisk(Replica(log, process, url), Path(f"/proc/{process.pid}/root") / disk.relative_to("/"))  # type: ignore[arg-type]
    finally:
        process.terminate()
        process.wait(10)
