"""One process of the cluster with its own log. When it ends by itself, an error says so."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.demo.processes import running

LINES = 5
_started: dict[Path, subprocess.Popen[bytes]] = {}


@contextmanager
def component(
    command: Sequence[str], logs: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[None]:
    """Run `command` during the block. When it ended by itself, an exception from the block gets a note about it."""
    log = logs / f"{command[0]}.log"
    with running(command, log, env, cwd) as process:
        _started[log] = process
        try:
            yield
        except Exception as error:
            if process.poll() is not None:
                error.add_note(_last_words(log, process))
            raise
        finally:
            del _started[log]


def ended() -> list[str]:
    """Name, exit code and last log lines of each process that ended by itself."""
    return [_last_words(log, process) for log, process in _started.items() if process.poll() is not None]


def _last_words(log: Path, process: subprocess.Popen[bytes]) -> str:
    said = log.read_text(errors="replace").splitlines()[-LINES:]
    return "\n".join([f"{log.stem} ended by itself with {process.returncode}; the end of {log}:", *said])
