"""One release and its way: commit, image, chart, proposal, and where it arrived."""

from datetime import UTC, datetime

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from ..domain.event import NAME, VERSION
from ..ledger.environments import state as environments
from ..ledger.environments.state import Attempt
from ..ledger.releases import read as filed
from .html import html
from .not_found import not_found


@get("/board/releases/{service:str}/{version:str}", scope="read", include_in_schema=False)
async def show_release(service: FromPath[str], version: FromPath[str]) -> Response[str]:
    it = await filed.full_record(service, version) if NAME.fullmatch(service) and VERSION.fullmatch(version) else None
    if it is None:
        return not_found(f"No release {version} of {service} was filed.")
    return html(
        "release.html",
        now=datetime.now(UTC),
        waybill=msgspec.json.decode(it.document),
        receipt=it.receipt,
        proposals=[msgspec.json.decode(part) for part in it.proposals],
        arrivals=it.arrivals,
        failed=await _failed(service, version),
        runs_in=sorted({arrival.environment for arrival in it.arrivals if arrival.until is None}),
    )


async def _failed(service: str, version: str) -> list[tuple[str, Attempt]]:
    """The environments in which this release is the latest that failed."""
    return [
        (state.environment, it.attempt)
        for state in (await environments.states(limit=200)).items
        for it in state.services
        if it.service == service and it.attempt and it.attempt.version == version
    ]
