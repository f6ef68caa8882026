"""Runs `waybill` in a process of its own that is forked from one with the tool imported.

Importing is a third of a run's processor time, and the tests run the tool some hundred times.
"""

import os
import pkgutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

import scripts

LAZY = ("httpx", "jsonschema")  # what the tool imports when it needs it
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [__name__, *LAZY, *(it.name for it in pkgutil.walk_packages(scripts.__path__, "scripts."))]
)


def run(args: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `waybill ARGS` with this folder and this whole environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = CONTEXT.Process(target=_become_waybill, args=(list(args), str(cwd), dict(env), str(out), str(err)))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, out.read_text(), err.read_text()


def _become_waybill(args: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    for number, (path, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY | os.O_CREAT), (err, os.O_WRONLY | os.O_CREAT))
    ):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["waybill", *args]
    from scripts.__main__ import main

    main()
