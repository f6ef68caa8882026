"""The board: every environment and every service at a glance."""

from datetime import UTC, datetime

from litestar import get
from litestar.response import Response

from ..ledger import environments, intervals
from ..ledger.environments import EnvironmentState
from ..ledger.intervals import Interval
from .html import html
from .matrix import rows

LATEST = 12


@get("/", scope="read", include_in_schema=False)
async def board() -> Response[str]:
    found = (await environments.states(limit=200)).items
    table = rows(found)
    return html(
        "board.html",
        now=datetime.now(UTC),
        environments=found,
        rows=table,
        failing=[row.service for row in table if row.trouble],
        latest=await _latest(found),
    )


async def _latest(found: list[EnvironmentState]) -> list[Interval]:
    """The newest arrivals anywhere."""
    pages = [await intervals.in_environment(it.environment, limit=LATEST) for it in found]
    every = [interval for page in pages for interval in page.items]
    return sorted(every, key=lambda it: it.from_, reverse=True)[:LATEST]
