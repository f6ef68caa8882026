"""The board: every environment and every service at a glance."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from litestar import get
from litestar.response import Response

from ..ledger.arrivals.list import Arrival
from ..ledger.arrivals.window import arrivals_between
from ..ledger.environments import state as environments
from .axis import Axis
from .html import html
from .matrix import rows
from .timeline import lanes

LATEST = 12
STRIP = timedelta(days=14)  # what a cell shows of its past
MOST_BARS = 200  # arrivals of all environments that are drawn: a page stays below 100 KB


@get("/", scope="read", include_in_schema=False)
async def show_board() -> Response[str]:
    now = datetime.now(UTC)
    found = (await environments.states(limit=200)).items
    past = [
        await arrivals_between(it.environment, now - STRIP, now, max(LATEST, MOST_BARS // len(found))) for it in found
    ]
    axis = Axis(max((it.begins for it in past), default=now - STRIP), now)
    drawn = {it.environment: lanes(each.arrivals, (), axis) for it, each in zip(found, past, strict=True)}
    table = rows(found, drawn)
    return html(
        "board.html",
        now=now,
        environments=found,
        rows=table,
        failing=[row.service for row in table if row.trouble],
        latest=_latest(it.arrivals for it in past),
        axis=axis,
    )


def _latest(past: Iterable[list[Arrival]]) -> list[Arrival]:
    """The newest arrivals anywhere."""
    return sorted((it for arrivals in past for it in arrivals), key=lambda it: it.from_, reverse=True)[:LATEST]
