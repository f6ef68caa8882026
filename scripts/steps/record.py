"""record: files the waybill with the ledger."""

from typing import Any

from ..clients.ledger import Ledger
from ..document import Waybill, chart_of
from ..errors import Refused
from ..report import Report

SECONDS = len("2026-01-02T03:04:05")


def record(waybill: Waybill, ledger: Ledger | None, report: Report) -> dict[str, Any] | None:
    """The receipt, or None when no ledger is configured, which is reported. Filing twice gives the first receipt."""
    if ledger is None:
        report.did("record", "no ledger is configured; the release is not filed")
        return None
    with report.step("record"):
        new, receipt = ledger.file(waybill)
    at = receipt["recorded_at"][:SECONDS]
    report.did("record", f"{'filed' if new else 'was filed before'} as {receipt['id']} at {at}Z")
    return receipt


def record_shipped(waybill: Waybill, ledger: Ledger | None, report: Report) -> dict[str, Any] | None:
    """As `record`, for a release that is out: what the ledger refuses is left to a later `waybill record`."""
    try:
        return record(waybill, ledger, report)
    except Refused as error:
        release = f"{waybill.service} {chart_of(waybill).version}"
        remedy = f"{error.remedy} `waybill record {release}` files it, in any checkout of {waybill.service}."
        report.leave(Refused(f"{release} is shipped, not filed: {error.what}", remedy, fault=error.fault))
        return None
