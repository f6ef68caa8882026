"""Runs `waybill` and `waybill-service` in a process of their own, forked from one that has them imported.

Importing is most of the time of a short command, and the tests give hundreds of them.
"""

import os
import pkgutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import scripts
import service

Half = Literal["scripts", "service"]
NAMES: dict[Half, str] = {"scripts": "waybill", "service": "waybill-service"}

LAZY = ["httpx", "jsonschema"]  # what they import when they need it
MODULES = [it.name for half in (scripts, service) for it in pkgutil.walk_packages(half.__path__, f"{half.__name__}.")]
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, *LAZY, *MODULES])


def run(half: Half, args: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the half's command with this folder and this whole environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = CONTEXT.Process(target=_become, args=(half, list(args), str(cwd), dict(env), str(out), str(err)))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, out.read_text(), err.read_text()


def _become(half: Half, args: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    for number, (path, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY | os.O_CREAT), (err, os.O_WRONLY | os.O_CREAT))
    ):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [NAMES[half], *args]
    import_module(f"{half}.__main__").main()
