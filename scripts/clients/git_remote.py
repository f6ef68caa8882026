"""A remote that git could not read: what it said in one line, and what to do about each kind of it."""

import re

from ..errors import Fault, Refused
from .process import censor

WHERE: dict[Fault, tuple[str, str]] = {
    "gitops": ("`gitops` in waybill.toml", "WAYBILL_FORGE_TOKEN, or git's credential store,"),
    "repository": ("the remote's address (`git remote set-url`)", "git's credential store"),
}


def unreadable(remote: str, complaint: str, fault: Fault) -> Refused:
    """`complaint` is git's stderr, in the C locale."""
    address, credential = WHERE.get(fault, WHERE["repository"])
    said = re.sub(r"could not read .* for '.*': .*", "it asks for a credential that it accepts", one_line(complaint))
    if re.search(r"(?i)authentication failed|asks for a credential|permission denied|error: 40[13]", said):
        remedy = f"Give {credential} a credential that may read it."
    elif re.search(r"(?i)not found|does not appear to be|does not exist|error: 404|no such file", said):
        remedy = f"Mend {address}; to a credential that may not see it, a private repository looks absent."
    elif re.search(r"error: 30\d|redirect", said):
        remedy = f"It moved: mend {address}."
    else:
        remedy = f"Look whether it answers and whether {address} is right, then run the same command again."
    return Refused(f"git cannot read {censor(remote)}: {said}.", remedy, fault=fault)


def one_line(complaint: str) -> str:
    """Without git's advice, which begins after a blank line."""
    lines = complaint.strip().split("\n\n")[0].splitlines()
    said = [re.sub(r"^(fatal|error|remote): *", "", line).rstrip(". ") for line in lines]
    return "; ".join(line for line in said if line and line != "Could not read from remote repository") or "no word"
