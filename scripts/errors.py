"""A refusal states whose fault it is, what happened and what to do; only `__main__` turns it into exit code 1."""

import errno
import os
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any, Literal

Fault = Literal["you", "chart", "repository", "registry", "gitops", "forge", "ledger", "machine"]

SUBJECT: dict[Fault, str] = {
    "you": "your input",
    "chart": "the chart",
    "repository": "the source repository",
    "registry": "the registry",
    "gitops": "the GitOps repo",
    "forge": "the forge",
    "ledger": "the ledger",
    "machine": "this machine",
}


class Refused(Exception):
    """The step was not done, and left nothing half changed.

    `what` happened and `remedy` are whole sentences for a person; `fault` is the part of the world to look at.
    """

    def __init__(self, what: str, remedy: str, *, fault: Fault) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.fault = fault


class Incomplete(Refused):
    """A part of the command is done, the waybills `done`; what is `left` was refused. The same command completes it."""

    def __init__(self, left: Sequence[Refused], done: Sequence[Any]) -> None:
        remedies = dict.fromkeys(it.remedy for it in left)
        super().__init__(" ".join(it.what for it in left), " ".join(remedies), fault=left[0].fault)
        self.done = done


def unknown_key(where: str, key: str, known: Collection[str]) -> Refused:
    """Of a table in waybill.toml, with the nearest key that it may have."""
    near = get_close_matches(key, known, 1)
    return Refused(
        f"{where} has the unknown key `{key}`.",
        f"Did you mean `{near[0]}`?" if near else f"The keys are {', '.join(known)}.",
        fault="you",
    )


AGAIN = ", then run the same command again."
_REMEDIES = {
    errno.ENOSPC: "Make room there",
    errno.EDQUOT: "Make room there",
    errno.EMFILE: "Allow more open files (`ulimit -n`)",
    errno.ENFILE: "Allow more open files (`sysctl fs.file-max`)",
    errno.EFBIG: "Allow larger files (`ulimit -f`)",
    errno.ENAMETOOLONG: "Shorten the name: it may have 255 bytes, a whole path 4,096",
    errno.ENOMEM: "Give it more memory",
    errno.EAGAIN: "Allow more processes (`ulimit -u`)",
}


def of_machine(said: str) -> str | None:
    """The remedy where a program says that this machine failed; what another one says begins with `remote:`."""
    ours = "\n".join(line for line in said.lower().splitlines() if not line.startswith("remote:"))
    return next((remedy for number, remedy in _REMEDIES.items() if os.strerror(number).lower() in ours), None)


def accident(error: OSError | MemoryError, what: str = "") -> Refused:
    """What this machine does not allow, as a refusal; `what` begins its sentence."""
    if isinstance(error, MemoryError):
        number, said, file = errno.ENOMEM, "No memory is left", None
    else:
        number, said, file = error.errno or 0, error.strerror or str(error), error.filename
    what = what or (f"{file} cannot be used" if file is not None else "This machine does not allow what is needed")
    return Refused(
        f"{what}: {said}.",
        f"{_REMEDIES.get(number, 'Correct that')}{AGAIN}",
        fault="machine",
    )
