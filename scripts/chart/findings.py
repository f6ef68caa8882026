"""What is wrong with a render, and the refusal that lists it."""

from collections.abc import Sequence

from msgspec import Struct

from ..errors import Refused

_SHOWN = 8


class Finding(Struct, frozen=True):
    """`where` names template, object and field, the subject of `what`; `remedy` is whole sentences."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where} {self.what}"


def refused(findings: Sequence[Finding], environment: str = "", causes: Sequence[str] = ()) -> Refused:
    """One refusal of them all.

    `environment` is where they were found, "" for the chart with its own values; `causes` are files and keys of it.
    """
    texts = list(dict.fromkeys(map(str, findings)))
    more = [f"{len(texts) - _SHOWN} more of the kind"] if len(texts) > _SHOWN else []
    remedies = list(dict.fromkeys(finding.remedy for finding in findings[:_SHOWN]))
    what = ".\n".join(texts[:_SHOWN] + more)
    if not environment:
        return Refused(f"{what}.", "\n".join(remedies), fault="chart")
    if causes:
        remedies.insert(0, f"Take out of the GitOps repo what overrides the chart there: {'; '.join(causes)}.")
    return Refused(f"In {environment}: {what}.", "\n".join(remedies), fault="gitops")
