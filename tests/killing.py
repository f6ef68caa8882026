"""Kills a run of `waybill` just before its n-th act: a program that it starts, a file that it writes, moves or makes,
a server that it speaks to.

Python tells of all of them (audit events), so a new act in the code is a new place to be killed at, without a hook in
the code itself: https://docs.python.org/3/library/audit_events.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.builders import TOP, Ran, World

# Read by Python itself at its start. Appends every act to the log; at act number KILL_AT kills its own process.
SITE = """
import os, signal, sys

log, last, temporary = os.environ["ACTS"], int(os.environ["KILL_AT"]), os.environ["TMPDIR"]
handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
count = 0

def act(event, args):
    global count
    if event == "subprocess.Popen":
        words = [str(word) for word in args[1]]
        told = " ".join(word for word in words if word != "-c" and "=" not in word.partition("/")[0])
    elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        told = f"write {args[0]}"
    elif event in ("os.rename", "os.mkdir", "os.remove", "os.utime"):
        told = f"{event} {args[0]}"
    elif event == "socket.connect" and isinstance(args[1], tuple):
        told = f"connect {args[1][0]}:{args[1][1]}"
    else:
        return
    if event.startswith("o") and (temporary in told or " /" not in told or "/dev/" in told):
        return  # what nobody sees afterwards
    os.write(handle, told.replace("\\n", " ").encode() + b"\\n")
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1

sys.addaudithook(act)
"""


@dataclass
class Killer:
    """Keeps its files in `folder`, outside everything that a release touches."""

    folder: Path

    def __post_init__(self) -> None:
        self.log, self.temporary = self.folder / "acts", self.folder / "temporary"
        self.temporary.mkdir(parents=True)
        (self.folder / "sitecustomize.py").write_text(SITE)

    def run(
        self, world: World, *args: str, before: int = -1, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> tuple[Ran, list[str]]:
        """Runs waybill, killed before its act number `before`; and the acts that it came to, the last one not done."""
        own = {
            "PYTHONPATH": f"{self.folder}:{TOP}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ACTS": str(self.log),
            "KILL_AT": str(before),
            "TMPDIR": str(self.temporary),
        }
        ran = world.waybill(*args, cwd=cwd, env={**(env or {}), **own})
        return ran, self.log.read_text().splitlines()
