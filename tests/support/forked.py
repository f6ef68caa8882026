"""Runs `waybill` and `waybill-service` in a process of their own, forked from one that has them imported.

Importing is most of the time of a short command, and the tests give hundreds of them.
"""

import os
import pkgutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import scripts
import service
from tests.support import refusals

Half = Literal["scripts", "service"]
NAMES: dict[Half, str] = {"scripts": "waybill", "service": "waybill-service"}

LAZY = ["httpx", "jsonschema"]  # what they import when they need it
MODULES = [it.name for half in (scripts, service) for it in pkgutil.walk_packages(half.__path__, f"{half.__name__}.")]
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, *LAZY, *MODULES])


@dataclass(frozen=True)
class Process:
    """As much of subprocess.Popen as the tests use."""

    args: Sequence[str]
    _process: BaseProcess

    @property
    def returncode(self) -> int | None:
        """None while it runs; the number of the signal that ended it, below 0."""
        return self._process.exitcode

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """None when it still runs after so many seconds."""
        self._process.join(timeout)
        return self.returncode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def start(half: Half, args: Sequence[str], cwd: Path, env: Mapping[str, str], out: Path, err: Path) -> Process:
    """The half's command with this folder and this whole environment, its output in two files, or in one."""
    process = CONTEXT.Process(target=_become, args=(half, list(args), str(cwd), dict(env), str(out), str(err)))
    process.start()
    return Process([NAMES[half], *args], process)


def run(half: Half, args: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the half's command."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        code = start(half, args, cwd, env, out, err).wait()
        assert code is not None
        return code, out.read_text(), err.read_text()


def _become(half: Half, args: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, writing), (2, err, writing)):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(cwd)
    refusals.note()  # where this run wants them; the command's own environment need not say so
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [NAMES[half], *args]
    import_module(f"{half}.__main__").main()
