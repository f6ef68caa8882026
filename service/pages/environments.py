"""An environment: what runs, its past drawn to scale, its arrivals, and what ran at a time that the reader names."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Response

from ..domain.event import EPOCH
from ..domain.signature import ENVIRONMENT
from ..ledger.arrivals import list as arrivals
from ..ledger.arrivals.list import Arrival
from ..ledger.arrivals.window import Window, arrivals_between
from ..ledger.environments import at_time
from ..ledger.environments import state as environments
from ..ledger.environments.place import PlaceState
from ..ledger.environments.state import EnvironmentState
from ..ledger.events.unread import unread_of
from ..ledger.failures import Failure, failures_between
from .axis import WINDOWS, Axis
from .html import large
from .not_found import not_found
from .timeline import lanes

MOST_BARS, MOST_FAILURES = 120, 60  # so that a page stays below 100 KB
MOST_PLACES = 200  # the failing ones first
MOST_DRAWN = 1000  # places of an environment whose past is drawn
PAGE = 25  # arrivals in the list


@get("/board/environments/{environment:str}", scope="read", include_in_schema=False)
async def show_environment(
    request: Request[Any, Any, Any],
    environment: FromPath[str],
    at: Annotated[str | None, QueryParameter(name="at")] = None,
    window: Annotated[str | None, QueryParameter(name="window")] = None,
    cursor: Annotated[str | None, QueryParameter(name="cursor")] = None,
) -> Response[str]:
    """`at`: a moment in UTC, as a browser's field writes it; `window`: how much of the past is drawn."""
    now = datetime.now(UTC)
    moment = _moment(at)
    silent_after = request.app.state.settings.silent_after
    is_name = ENVIRONMENT.fullmatch(environment)
    state = await _state(environment, moment, silent_after) if is_name else None
    if state is None:
        several = await unread_of(environment) if is_name else []
        unread = "".join(f" {it.bodies} bodies of it were {it.cause}." for it in several)
        return not_found(f"No environment {environment} has reported to this ledger.{unread}")
    cursor = cursor if cursor and arrivals.CURSOR.fullmatch(cursor) else None
    window = window if window in WINDOWS else "7d"
    ends = min(now, moment + WINDOWS[window] / 2) if moment and moment < now else now
    is_drawn = len(state.services) <= MOST_DRAWN
    begins = ends - WINDOWS[window]
    drawn = (
        await arrivals_between(environment, begins, ends, MOST_BARS, silent_after) if is_drawn else Window(begins, [])
    )
    axis = Axis(drawn.begins, ends)
    stand, ran = _shown(state.services, drawn.arrivals)
    places = sorted({it.place for it in stand} | {it.place for it in ran}) if is_drawn else []
    marked_since, failed = await _failures(environment, places, axis)
    drawn_lanes = lanes(ran, stand, axis, failed) if is_drawn else []
    return await large(
        "environment.html",
        now=now,
        state=state,
        asked=at or "",
        moment=moment,
        window=window,
        windows=list(WINDOWS),
        axis=axis,
        shown=stand,
        lanes=drawn_lanes,
        several={service for service, number in Counter(it.service for it in drawn_lanes).items() if number > 1},
        is_drawn=is_drawn,
        cut=drawn.begins > begins,
        marked_since=marked_since if marked_since > axis.begins else None,
        arrivals=await arrivals.in_environment(environment, None, cursor, PAGE, silent_after),
        cursor=cursor,
        over_quota=request.app.state.quotas.of(f"environment/{environment}"),
    )


def _shown(stand: list[PlaceState], ran: list[Arrival]) -> tuple[list[PlaceState], list[Arrival]]:
    """Of very many places the first, and what fails before all else."""
    if len(stand) <= MOST_PLACES:
        return stand, ran
    kept = sorted(stand, key=lambda it: it.health != "failing")[:MOST_PLACES]
    places = {it.place for it in kept}
    return kept, [it for it in ran if it.place in places]


async def _failures(environment: str, places: Iterable[str], axis: Axis) -> tuple[datetime, list[Failure]]:
    """The newest of the axis, and since when they are all."""
    windows = [await failures_between(environment, place, axis.begins, axis.ends) for place in places]
    begins = max((it.begins for it in windows), default=axis.begins)
    found = sorted((it for window in windows for it in window.failures), key=lambda it: it.at, reverse=True)
    if len(found) > MOST_FAILURES:
        begins = max(begins, found[MOST_FAILURES - 1].at)
    return begins, found[:MOST_FAILURES]


async def _state(environment: str, moment: datetime | None, silent_after: int) -> EnvironmentState | None:
    if moment is None:
        return await environments.state_of(environment, silent_after)
    return await at_time.state_at(environment, moment, silent_after)


def _moment(text: str | None) -> datetime | None:
    """None for what is not a time."""
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= EPOCH else None
