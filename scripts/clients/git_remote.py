"""A remote that git could not read: git's message in one line, and what to do about each kind of failure."""

import re

from ..errors import AGAIN, Fault, Refused
from .process import censor

WHERE: dict[Fault, tuple[str, str]] = {
    "gitops": ("`gitops` in waybill.toml", "WAYBILL_FORGE_TOKEN, or git's credential store,"),
    "repository": ("the remote's address (`git remote set-url`)", "git's credential store"),
}
# What git and ssh say where this machine is the cause.
MACHINE = {
    "cannot run ssh": "Install ssh, or give the address as https",
    "Host key verification failed": "Add the host's key to this machine's known_hosts, once you have compared it with "
    "the one that the host publishes",
    "(?i)certificate problem: (?!.*expired)|certificate verification failed": "Add the authority that signed its "
    "certificate to this machine's trust store, or name a file with that authority in GIT_SSL_CAINFO",
    "from proxy|resolve proxy": "Correct https_proxy or http_proxy (with user and password, where the proxy wants "
    "them), or name the host in NO_PROXY",
}
SAID, MOST = 6, 1000  # lines and characters; what comes after is advice
TERMINAL = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")  # escape sequences


def unreadable(remote: str, complaint: str, fault: Fault) -> Refused:
    """`complaint` is git's stderr, in the C locale."""
    if "dubious ownership" in complaint:
        return untrusted(remote)
    said = _asking(one_line(complaint))
    cause, remedy = _cause(said, fault, "read")
    return Refused(f"git cannot read {censor(remote)}: {said.rstrip('.')}.", remedy, fault=cause)


def _asking(said: str) -> str:
    return re.sub(
        r"(could not read .* for '.*': .*|Authentication failed for '.*')",
        "it asks for a credential that it accepts",
        said,
    )


def _cause(said: str, fault: Fault, verb: str) -> tuple[Fault, str]:
    """Whose fault it is that git could not `verb` (read, write) there, and what to do."""
    if found := next((remedy for pattern, remedy in MACHINE.items() if re.search(pattern, said)), None):
        return "machine", f"{found}{AGAIN}"
    address, credential = WHERE.get(fault, WHERE["repository"])
    if re.search(r"\(publickey|Load key", said):
        return fault, f"Give ssh on this machine an SSH key that may {verb} there, or write {address} as https."
    if re.search(r"(?i)asks for a credential|permission denied|error: 40[13]", said):
        return fault, f"Give {credential} a credential with the right to {verb} there, or correct {address}."
    if re.search(r"(?i)not found|not be found|does not appear to be|does not exist|error: 404|no such file", said):
        private = "a private repository looks absent to a credential without the right to read it"
        return fault, f"Correct {address}; {private}."
    if re.search(r"error: 30[0-9]|redirect", said):
        return fault, f"It moved: correct {address}."
    return fault, f"Check that it answers and that {address} is right{AGAIN}"


def untrusted(folder: str) -> Refused:
    """https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory"""
    return Refused(
        f"{folder} belongs to another user of this machine, and git does not trust it.",
        f"Run `git config --global --add safe.directory {folder}`; in CI the container's user is often another one.",
        fault="machine",
    )


def declined(porcelain: bytes) -> str | None:
    """Why the one ref of `git push --porcelain` did not move, in the remote's words or git's; None where the push never
    came so far. https://git-scm.com/docs/git-push#_output
    """
    found = re.search(r"^!\t[^\t]*\t\[(.*?)\](?: \((.*)\))?$", porcelain.decode(errors="replace"), re.MULTILINE)
    return (found[2] or found[1]) if found else None


def untaken(remote: str, ref: str, reason: str | None, stderr: str, fault: Fault) -> Refused:
    """A push that the remote declined, with the output of its hooks, or that it never came to decide on."""
    output = "\n".join(line for line in stderr.splitlines() if not line.startswith("error: failed to push"))
    said = "; ".join(filter(None, [reason, one_line(output)]))
    if reason is None:
        said = _asking(said)
        fault, remedy = _cause(said, fault, "write")
    elif "non-fast-forward" in reason:
        remedy = (
            f"Waybill's branch begins anew with each release: let {ref} be pushed by force there "
            f"(`receive.denyNonFastForwards`, or the rules of that branch), or delete it there{AGAIN}"
        )
    else:
        tag = ref.startswith("refs/tags/")
        remedy = (
            f"A rule or hook there declines it{', and nothing else was pushed' * tag}. Give the account that git uses "
            f"the right to write there, or set {'`annotated_tags`, ' * tag}`commit_author` and `commit_sign` in "
            "waybill.toml as it wants them; or correct what it names."
        )
    return Refused(f"{censor(remote)} did not accept {ref}: {said.rstrip('.')}.", remedy, fault=fault)


def one_line(complaint: str) -> str:
    """Without git's advice, which begins after a blank line, colours, and lines that only decorate."""
    lines = TERMINAL.sub("", complaint).strip().split("\n\n")[0].splitlines()
    said = [re.sub(r"^((fatal|error|remote): *)+", "", line).rstrip(". ") for line in lines]
    told = [line for line in said if any(map(str.isalnum, line)) and line != "Could not read from remote repository"]
    return censor("; ".join(told[:SAID]))[:MOST]
