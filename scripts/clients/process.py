"""The one place where a process starts: no shell, no terminal prompt, a deadline, and nothing secret in an error."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import Fault, Refused

# To the last `@`, since people paste passwords with unescaped `/` and `@`; `repository@sha256:...` carries none.
URL_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]+@(?!sha256:)")
AUTHORIZATION = re.compile(r"(?i)\b(authorization:\s*\w+|bearer|token|basic)\s+[\w.~+/=-]{8,}")


@dataclass(frozen=True)
class Completed:
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode(errors="replace").strip()

    @property
    def complaint(self) -> str:
        """What the program said of its failure, in a few lines."""
        said = (self.stderr or self.stdout).decode(errors="replace").strip()
        return censor("\n".join(said.splitlines()[-12:]))


def censor(text: str) -> str:
    """`text` without the credentials that URLs and headers may carry."""
    return AUTHORIZATION.sub(r"\1 ***", URL_CREDENTIALS.sub("***@", text))


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    timeout: float = 300,
    check: bool = True,
    fault: Fault = "machine",
    verb: str = "",
) -> Completed:
    """Runs `argv` to its end; `env` is added to the environment, `timeout` is in seconds; `verb` is what a refusal
    calls it by, where that is not the second word.

    With `check`, another exit code than 0 is refused with what the program said, as the fault of `fault`.
    """
    name = Path(argv[0]).name
    try:
        process = subprocess.run(
            [str(word) for word in argv],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise Refused(f"`{name}` is not installed.", f"Install {name} and put it on PATH.", fault="machine") from error
    except subprocess.TimeoutExpired as error:
        raise Refused(
            f"`{name} {verb or argv[1]}` did not end within {timeout:.0f} s.",
            "Look whether the other side answers, then run the same command again.",
            fault=fault,
        ) from error
    completed = Completed(process.returncode, process.stdout, process.stderr)
    if check and completed.code != 0:
        raise Refused(
            f"`{name} {verb or argv[1]}` failed: {completed.complaint}",
            "Mend what it names, then run the same command again.",
            fault=fault,
        )
    return completed
