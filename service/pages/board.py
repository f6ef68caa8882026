"""The board: every environment and every service at a glance."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from litestar import get
from litestar.response import Response

from ..ledger import environments, intervals
from ..ledger.intervals import Interval
from .axis import Axis
from .html import html
from .matrix import rows
from .timeline import lanes

LATEST = 12
STRIP = timedelta(days=14)  # what a cell shows of its past
MOST_BARS = 300


@get("/", scope="read", include_in_schema=False)
async def board() -> Response[str]:
    now = datetime.now(UTC)
    axis = Axis(now - STRIP, now)
    found = (await environments.states(limit=200)).items
    past = {it.environment: await _past(it.environment) for it in found}
    table = rows(found, {name: lanes(intervals, (), axis) for name, intervals in past.items()})
    return html(
        "board.html",
        now=now,
        environments=found,
        rows=table,
        failing=[row.service for row in table if row.trouble],
        latest=_latest(past.values()),
        strip=STRIP,
    )


async def _past(environment: str) -> list[Interval]:
    return (await intervals.in_environment(environment, limit=MOST_BARS)).items


def _latest(past: Iterable[list[Interval]]) -> list[Interval]:
    """The newest arrivals anywhere."""
    return sorted((it for intervals in past for it in intervals), key=lambda it: it.from_, reverse=True)[:LATEST]
