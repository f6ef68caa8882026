"""The one place where a process starts: no shell, no terminal prompt, a deadline, and nothing secret in an error."""

import os
import re
import select
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ..errors import AGAIN, Fault, Refused, of_machine

# To the last `@`, since people paste passwords with unescaped `/` and `@`; `repository@sha256:...` and a workflow's
# `...yml@refs/heads/main` carry none.
URL_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]+@(?!sha256:|refs/(?:heads|tags)/)")
AUTHORIZATION = re.compile(r"(?i)\b(authorization:\s*\w+|bearer|token|basic)\s+[\w.~+/=-]{8,}")

# What differs in a child's environment from ours: values to set, and None for a variable that it does not get.
Changes = Mapping[str, str | None]
SECRETS = ("FORGE_TOKEN", "LEDGER_TOKEN", "WEBHOOK_KEY")
TOKENS: Changes = dict.fromkeys(f"WAYBILL_{name}{end}" for name in SECRETS for end in ("", "_FILE"))


class Completed(Struct, frozen=True):
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode(errors="replace").strip()

    @property
    def complaint(self) -> str:
        """The last lines that the program wrote about its failure."""
        said = (self.stderr or self.stdout).decode(errors="replace").strip()
        return censor("\n".join(said.splitlines()[-12:]))


def censor(text: str) -> str:
    """`text` without the credentials that URLs and headers may carry."""
    return AUTHORIZATION.sub(r"\1 ***", URL_CREDENTIALS.sub("***@", text))


def environment(changes: Changes) -> dict[str, str]:
    """Ours with `changes`, and without the tokens that are Waybill's alone."""
    every = {**os.environ, **TOKENS, **changes}
    return {name: value for name, value in every.items() if value is not None}


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Changes | None = None,
    input: bytes | None = None,
    timeout: float = 300,
    check: bool = True,
    fault: Fault = "machine",
    verb: str = "",
    files: tuple[int, ...] = (),
) -> Completed:
    """Runs `argv` to its end; `timeout` is in seconds; `verb` is the name that a refusal gives the command, where that
    is not its second word; `files` are open ones that it inherits.

    With `check`, an exit code other than 0 is refused with what the program wrote, as the fault of `fault`.
    """
    name = Path(argv[0]).name
    try:
        process = subprocess.run(
            [str(word) for word in argv],
            cwd=cwd,
            env=environment(env or {}),
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
            pass_fds=files,
        )
    except FileNotFoundError as error:
        raise Refused(f"`{name}` is not installed.", f"Install {name} and put it on PATH.", fault="machine") from error
    except subprocess.TimeoutExpired as error:
        raise _late(f"{name} {verb or argv[1]}", timeout, fault) from error
    completed = Completed(process.returncode, process.stdout, process.stderr)
    if check and completed.code != 0:
        raise failed(f"{name} {verb or argv[1]}", completed.complaint, fault)
    return completed


class Dialogue:
    """A program that stays open and answers questions until this object is gone; each wait ends within `timeout`
    seconds. When the program ends early, that is refused as the fault of `fault`."""

    def __init__(
        self, argv: Sequence[str], *, cwd: Path, env: Changes, fault: Fault, verb: str, timeout: float = 300
    ) -> None:
        self._name, self._fault, self._timeout = f"{argv[0]} {verb}", fault, timeout
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._received = bytearray()
        weakref.finalize(self, _end, self._process)

    def ask(self, question: bytes) -> None:
        try:
            self._process.stdin.write(question)  # type: ignore[union-attr]  # it is a pipe
        except BrokenPipeError as error:
            raise self._failed() from error

    def line(self) -> bytes:
        """The next line, without its end."""
        while (end := self._received.find(b"\n")) < 0:
            self._listen()
        return self._take(end + 1)[:-1]

    def read(self, size: int) -> bytes:
        while len(self._received) < size:
            self._listen()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _listen(self) -> None:
        out = self._process.stdout.fileno()  # type: ignore[union-attr]
        if not select.select([out], [], [], self._timeout)[0]:
            self._process.kill()
            raise _late(self._name, self._timeout, self._fault)
        received = os.read(out, 2**20)
        if not received:
            raise self._failed()
        self._received += received

    def _failed(self) -> Refused:
        _, said = self._process.communicate()
        return failed(self._name, Completed(self._process.returncode, b"", said).complaint, self._fault)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _late(name: str, timeout: float, fault: Fault) -> Refused:
    return Refused(
        f"`{name}` did not end within {timeout:.0f} s.",
        "Check that the other side answers, then run the same command again.",
        fault=fault,
    )


def failed(name: str, complaint: str, fault: Fault) -> Refused:
    remedy = of_machine(complaint)
    return Refused(
        f"`{name}` failed: {complaint}",
        f"{remedy or 'Correct what it names'}{AGAIN}",
        fault="machine" if remedy else fault,
    )
