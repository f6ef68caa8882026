"""A refusal states whose fault it is, what happened and what to do; only `__main__` turns it into exit code 1."""

from typing import Literal

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
