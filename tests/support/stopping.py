"""Stops a run of `waybill` just before one of its acts, kills it there or lets something else happen meanwhile. An act
is a program that it starts, a file that it writes, moves or makes, a server that it speaks to.

Python tells of all of them (audit events), so a new act in the code is a new place to stop at, without a hook in the
code itself: https://docs.python.org/3/library/audit_events.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.builders import TOP, Ran, World

# Read by Python itself at its start. Appends every act to the log; before the act `STOP_AT`, its number or a part of
# its text, it runs the shell's `MEANWHILE` once.
SITE = """
import os, sys

log, stop, meanwhile, temporary = (os.environ.pop(name) for name in ("ACTS", "STOP_AT", "MEANWHILE", "UNSEEN"))
handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
count = 0

def act(event, args):
    global count, meanwhile
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
    if event.startswith("o") and (temporary in told or " /" not in told or " /dev/null" in told):
        return  # what nobody sees afterwards
    os.write(handle, told.replace("\\n", " ").encode() + b"\\n")
    count += 1
    if meanwhile and (stop == str(count - 1) or (not stop.isdigit() and stop in told)):
        command, meanwhile = meanwhile, ""
        os.system(command)

sys.addaudithook(act)
"""


@dataclass
class Stopper:
    """Keeps its files in `folder`, outside everything that a release touches."""

    folder: Path

    def __post_init__(self) -> None:
        self.log, self.temporary = self.folder / "acts", self.folder / "temporary"
        self.temporary.mkdir(parents=True)
        (self.folder / "sitecustomize.py").write_text(SITE)

    def run(
        self,
        world: World,
        *args: str,
        before: int | str | None = None,
        meanwhile: str = "kill -9 $PPID",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> tuple[Ran, list[str]]:
        """Runs waybill, and just `before` that act (its number, or a part of its text) the shell command `meanwhile`.

        Returns the acts too, of a killed run with the one that was not done.
        """
        own = {
            "PYTHONPATH": f"{self.folder}:{TOP}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ACTS": str(self.log),
            "STOP_AT": str(before),
            "MEANWHILE": "" if before is None else meanwhile,
            "UNSEEN": str(self.temporary),
            "TMPDIR": str(self.temporary),
        }
        ran = world.waybill(*args, cwd=cwd, env={**(env or {}), **own})
        return ran, self.log.read_text().splitlines()
