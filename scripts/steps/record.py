"""record: files the waybill with the ledger."""

from typing import Any

from ..clients.ledger import Ledger
from ..document import Waybill
from ..report import Report


def record(waybill: Waybill, ledger: Ledger | None, report: Report) -> dict[str, Any] | None:
    """The receipt, or None when no ledger is configured, which is reported. Filing twice gives the first receipt."""
    if ledger is None:
        report.say("record: no ledger is configured; the release is not filed")
        return None
    with report.step("record"):
        new, receipt = ledger.file(waybill)
    report.say(f"record: {'filed' if new else 'was filed before'} as {receipt['id']} at {receipt['recorded_at']}")
    return receipt
