"""Files a release."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, post
from litestar.params import RawBody
from msgspec.json import Encoder

from ..auth.guards import writer_of
from ..domain import waybill
from ..domain.waybill import InvalidWaybill, Waybill
from ..errors import Conflict, Refused, WrongMediaType
from ..http.answer import ReadyJson
from ..http.telemetry import RELEASES
from ..ledger.releases import file as releases
from ..ledger.releases.file import Filing, Receipt

encode = Encoder().encode


@post(
    "/releases",
    scope="releases:write",
    gives=Receipt,
    takes=Waybill,
    refuses=[409, 415],
    operation_id="file_release",
    tags=["releases"],
)
async def file_release(request: Request[Any, Any, Any], body: RawBody) -> ReadyJson:
    """Files a waybill. The same release again is answered with its first receipt, and its proposal is kept if new."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaType("A waybill is JSON.", "Send it with `Content-Type: application/json`.")
    try:
        document, text = waybill.parse(body)
    except InvalidWaybill as error:
        raise Refused(
            f"This is no waybill: {error}.", "See /waybill.schema.json; the release tool may be newer than this ledger."
        ) from None
    writer_of(document.service, request.user)
    filed = await releases.file(Filing(document, text, waybill.sha256(document), datetime.now(UTC)))
    RELEASES.labels("conflict" if filed.differs else "filed" if filed.new else "repeated").inc()
    if filed.differs:
        raise Conflict(
            f"{document.service} {document.chart.version} is filed, and is another release.",
            "A version is never used again: release under the next one.",
            differs=filed.differs,
        )
    return ReadyJson(encode(filed.receipt), 201 if filed.new else 200)
