"""The board: every environment and every service on one page."""

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

MOST_ENVIRONMENTS = 200
LATEST = 12
STRIP = timedelta(days=14)  # how much of its past a cell shows
MOST_BARS = 200  # arrivals of all environments that are drawn: a page stays below 100 KB


@get("/", scope="read", include_in_schema=False)
async def show_board() -> Response[str]:
    now = datetime.now(UTC)
    page = await environments.states(limit=MOST_ENVIRONMENTS)
    found = page.items
    most = max(LATEST, MOST_BARS // len(found)) if found else 0
    windows = [await arrivals_between(it.environment, now - STRIP, now, most) for it in found]
    axis = Axis(max((it.begins for it in windows), default=now - STRIP), now)
    table = rows(
        found, {it.environment: lanes(window.arrivals, (), axis) for it, window in zip(found, windows, strict=True)}
    )
    recent = _since(now - STRIP, (it.arrivals for it in windows))
    return html(
        "board.html",
        now=now,
        environments=found,
        total=await environments.count() if page.next else None,
        next=page.next,
        rows=table,
        failing=[row.service for row in table if row.failing],
        silent=[it.environment for it in found if it.silent_since],
        healthy=page.next is None and all(row.healthy for row in table),
        latest=recent[:LATEST],
        more=len(recent) > LATEST,
        strip=STRIP.days,
        axis=axis,
    )


def _since(moment: datetime, windows: Iterable[list[Arrival]]) -> list[Arrival]:
    """The arrivals that began after `moment`, newest first."""
    recent = (it for arrivals in windows for it in arrivals if it.from_ > moment)
    return sorted(recent, key=lambda it: it.from_, reverse=True)
