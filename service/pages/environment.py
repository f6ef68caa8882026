"""One environment: what runs, its past drawn to scale, and what ran at a time that the reader names."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Response

from ..ledger import environments, intervals, past
from ..ledger.environments import EnvironmentState
from ..ledger.failures import failures
from .axis import WINDOWS, Axis
from .html import html
from .lost import lost
from .timeline import lanes

MOST_BARS = 400
PAGE = 25


@get("/board/environments/{environment:str}", scope="read", include_in_schema=False)
async def environment(
    environment: FromPath[str],
    at: Annotated[str | None, QueryParameter(name="at")] = None,
    window: Annotated[str | None, QueryParameter(name="window")] = None,
    cursor: Annotated[str | None, QueryParameter(name="cursor")] = None,
) -> Response[str]:
    """`at`: a moment in UTC, as a browser's field writes it; `window`: how much of the past to draw."""
    now = datetime.now(UTC)
    moment = _moment(at)
    state = await _state(environment, moment)
    if state is None:
        return lost(f"No environment {environment} has reported to this ledger.")
    window = window if window in WINDOWS else "7d"
    ends = now if moment is None else min(now, moment + WINDOWS[window] / 2)
    axis = Axis(ends - WINDOWS[window], ends)
    drawn = await intervals.in_environment(environment, limit=MOST_BARS)
    places = sorted({it.place for it in state.services} | {it.place for it in drawn.items})
    failed = [it for place in places for it in await failures(environment, place, axis.begins)]
    return html(
        "environment.html",
        now=now,
        state=state,
        asked=at or "",
        moment=moment,
        window=window,
        windows=list(WINDOWS),
        axis=axis,
        lanes=lanes(drawn.items, state.services, axis, failed),
        incomplete=drawn.next is not None and drawn.items[-1].from_ > axis.begins,
        history=await intervals.in_environment(environment, None, cursor, PAGE),
        cursor=cursor,
    )


async def _state(environment: str, moment: datetime | None) -> EnvironmentState | None:
    return await (environments.state_of(environment) if moment is None else past.state_at(environment, moment))


def _moment(text: str | None) -> datetime | None:
    """What cannot be read counts as not asked."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
