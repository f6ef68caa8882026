"""A shell in which somebody types the commands of a page, one block after the other."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^## (.*)$", re.MULTILINE)


def sections(page: Path) -> dict[str, str]:
    """The commands below each heading."""
    _, *parts = SECTION.split(page.read_text())
    return {title: "".join(BLOCK.findall(text)) for title, text in zip(parts[::2], parts[1::2], strict=True)}


class Shell:
    """`seconds` is how long the commands took together. What they print is in `log`."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self._log, self.seconds = process, log, 0.0

    def type(self, commands: str) -> None:
        """Fails at the first command that does, with what was printed."""
        began, before = time.monotonic(), self._log.stat().st_size
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{{\n{commands}\n}} </dev/null\necho done >&3\n")
        self._process.stdin.flush()
        answered = self._process.stdout.readline()
        self.seconds += time.monotonic() - began
        assert answered == "done\n", self._log.read_text()[before:]


@contextmanager
def shell(folder: Path, env: Mapping[str, str], log: Path) -> Iterator[Shell]:
    """In `folder`. Background commands end with it."""
    bash = ["bash", "--noprofile", "--norc", "-euxo", "pipefail", "-s"]
    with log.open("w") as output:
        process = subprocess.Popen(
            bash, cwd=folder, env={**env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdin
        process.stdin.write("exec 3>&1 >&2\n")
        try:
            yield Shell(process, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
