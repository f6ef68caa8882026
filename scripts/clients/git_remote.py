"""A remote that git could not read: git's message in one line, and what to do about each kind of failure."""

import re

from ..errors import Fault, Refused
from .process import censor

WHERE: dict[Fault, tuple[str, str]] = {
    "gitops": ("`gitops` in waybill.toml", "WAYBILL_FORGE_TOKEN, or git's credential store,"),
    "repository": ("the remote's address (`git remote set-url`)", "git's credential store"),
}
SAID = 6  # lines; what comes after is advice


def unreadable(remote: str, complaint: str, fault: Fault) -> Refused:
    """`complaint` is git's stderr, in the C locale."""
    if "dubious ownership" in complaint:
        return untrusted(remote)
    address, credential = WHERE.get(fault, WHERE["repository"])
    said = re.sub(r"could not read .* for '.*': .*", "it asks for a credential that it accepts", one_line(complaint))
    if re.search(r"(?i)authentication failed|asks for a credential|permission denied|error: 40[13]", said):
        remedy = f"Give {credential} a credential that may read it."
    elif re.search(r"(?i)not found|does not appear to be|does not exist|error: 404|no such file", said):
        remedy = f"Correct {address}; a private repository looks absent to a credential without the right to read it."
    elif re.search(r"error: 30\d|redirect", said):
        remedy = f"It moved: correct {address}."
    else:
        remedy = f"Check that it answers and that {address} is right, then run the same command again."
    return Refused(f"git cannot read {censor(remote)}: {said}.", remedy, fault=fault)


def untrusted(folder: str) -> Refused:
    """https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory"""
    return Refused(
        f"{folder} belongs to another user of this machine, and git does not trust it.",
        f"Run `git config --global --add safe.directory {folder}`; in CI the container's user is often another one.",
        fault="machine",
    )


def untaken(remote: str, ref: str, porcelain: str, stderr: str, fault: Fault) -> Refused:
    """A push that the remote declined: its reason as `git push --porcelain` has it, and the output of its hooks."""
    reason = re.search(r"^!.*\[.*\] \((.*)\)$", porcelain, re.MULTILINE)
    output = "\n".join(line for line in stderr.splitlines() if not line.startswith("error: failed to push"))
    said = "; ".join(filter(None, [reason and reason[1], one_line(output)]))
    return Refused(
        f"{censor(remote)} did not accept {ref}: {said}.",
        "Give the credential that git uses the right to write there, or correct what it names.",
        fault=fault,
    )


def one_line(complaint: str) -> str:
    """Without git's advice, which begins after a blank line."""
    lines = complaint.strip().split("\n\n")[0].splitlines()
    said = [re.sub(r"^((fatal|error|remote): *)+", "", line).rstrip(". ") for line in lines[:SAID]]
    return censor("; ".join(line for line in said if line and line != "Could not read from remote repository"))
