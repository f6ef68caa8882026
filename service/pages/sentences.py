"""Sentences that answer what a page is asked, and causes without what Helm says every time."""

import re
from collections.abc import Sequence

NAMED = 3  # names in a heading; of more only how many there are
# helm-controller 1.6.3, internal/reconcile/{install,upgrade,test,rollback_remediation,uninstall}.go
_BOILERPLATE = re.compile(
    r"Helm \w+(?: remediation)? (?:failed|succeeded) for release \S+ with chart \S+?:? (?=\S)|"
    r"Helm \w+(?: remediation)? (?:failed|succeeded) for release \S+ with chart \S+|"
    r"Helm rollback to previous release \S+ with chart \S+ (?:failed|succeeded)(?:: )?|"
    r"Cluster state of release \S+ (?:has drifted from the desired state|has been corrected):?\s*"
)


def names(several: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of more than three the first two, and how many others there are."""
    shown = list(several) if len(several) <= NAMED else [*several[: NAMED - 1], f"{len(several) - NAMED + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def are(several: Sequence[object]) -> str:
    return "is" if len(several) == 1 else "are"


def cause(message: str) -> str:
    """What is behind a failure, on one line; "": nothing was told."""
    return " ".join(_BOILERPLATE.sub("", message, count=1).split())
