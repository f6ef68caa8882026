"""Tokens: what the one of a request may do."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, get
from msgspec import Struct

from ..domain.parse import ACCEPTS


class CallerState(Struct, frozen=True):
    """`service` null: any. `accepts`: the numbers of waybill that this ledger takes."""

    name: str
    scopes: tuple[str, ...]
    service: str | None
    expires_at: datetime | None
    now: datetime
    accepts: tuple[int, ...]


@get("/caller", scope="any", operation_id="get_caller", tags=["caller"])
async def get_caller(request: Request[Any, Any, Any]) -> CallerState:
    """Whose token was sent, what it may do, until when; and the ledger's time."""
    it = request.user
    return CallerState(it.name, it.scopes, it.service, it.expires_at, datetime.now(UTC), ACCEPTS)
