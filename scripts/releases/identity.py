"""Whether the ledger holds another release of this service and version: it would answer 409 in the end."""

from ..addresses import normalise
from ..clients.http_failure import Denied, NoAnswer
from ..clients.ledger import Ledger
from ..document import Waybill, chart_of
from ..errors import Refused
from ..report import Report
from .lookup import from_ledger


def refuse_other(waybill: Waybill, ledger: Ledger | None, report: Report) -> None:
    """`waybill` as package left it: what publish adds to it cannot be compared yet."""
    if ledger is None:
        return
    version = chart_of(waybill).version
    try:
        answer = ledger.release(waybill.service, version)
    except (Denied, NoAnswer) as error:
        report.warn(f"whether another release of this version is filed is not known: {error.what}")
        return
    filed = from_ledger(answer) if answer else waybill
    for name, theirs, ours in (
        ("image", " ".join(map(str, filed.images)), " ".join(map(str, waybill.images))),
        ("source", normalise(filed.source.repository), normalise(waybill.source.repository)),
        ("commit", filed.source.commit, waybill.source.commit),
        ("registry", chart_of(filed).repository, chart_of(waybill).repository),
    ):
        if theirs != ours:
            raise Refused(
                f"The ledger holds another {waybill.service} {version}: its {name} is {theirs}, this one's {ours}.",
                "If it is another team's, give one of the two services another name (`name` in Chart.yaml). If it is "
                "yours, release another version: raise `version` in Chart.yaml and commit, or use --version.",
                fault="ledger",
            )
