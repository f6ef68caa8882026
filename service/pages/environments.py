"""An environment: what runs, what changed lately drawn to scale, all that happened, and what ran at a time that the
reader names."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response

from ..domain.event import EPOCH
from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..domain.stages import members
from ..ledger.arrivals.list import Arrival
from ..ledger.arrivals.window import Window, arrivals_between
from ..ledger.environments import at_time
from ..ledger.environments import state as environments
from ..ledger.environments.state import EnvironmentState
from ..ledger.events.unread import unread_of
from ..ledger.history import CURSOR, HistoryItem, history
from ..ledger.history_rows import HistoryFilter
from .axis import WINDOWS, Axis, end_of
from .condition import condition
from .failures import failures
from .happenings import happenings
from .html import Asked, address, large
from .matrix import TONES
from .not_found import not_found
from .timeline import Lane, lanes

MOST_ARRIVALS, MOST_BARS, MOST_LANES, MOST_FAILURES = 200, 50, 20, 20  # so that a page stays below 100 KB
MOST_PLACES = 150  # those in trouble first
PAGE = 20  # of what happened


@get("/board/environments/{environment:str}", scope="read", include_in_schema=False)
async def show_environment(
    request: Asked,
    environment: FromPath[str],
    at: Annotated[str, QueryParameter(name="at")] = "",
    window: Annotated[str, QueryParameter(name="window")] = "7d",
    cursor: Annotated[str | None, QueryParameter(name="cursor")] = None,
) -> Response[bytes] | Redirect:
    """`at`: a moment in UTC, as a person or a browser's field writes it; `window`: how much of the past is drawn."""
    settings = request.app.state.settings
    if members(settings.environments, environment):
        return Redirect(address(f"/?environment={environment}"), status_code=303)
    silent_after = settings.silent_after
    moment, wrong = _moment(at)
    state = await _state(environment, moment, silent_after) if ENVIRONMENT.fullmatch(environment) else None
    if state is None:
        return not_found(request, await _unheard(environment))
    cursor = cursor if cursor and CURSOR.fullmatch(cursor) else None
    window = window if window in WINDOWS else "7d"
    ends = end_of(window, datetime.now(UTC))
    ends = min(ends, moment + WINDOWS[window] / 2) if moment else ends
    drawn = await arrivals_between(environment, ends - WINDOWS[window], ends, MOST_ARRIVALS, silent_after)
    axis = Axis(drawn.begins, ends)
    places = sorted(state.services, key=lambda it: (TONES.index(condition(it).tone), it.service, it.place))
    failed = await failures(None, environment, axis, MOST_FAILURES)
    drawn_lanes = _lanes(environment, drawn, axis, failed.items)
    wanted = HistoryFilter(environment=environment, ends=moment)
    found = await history(wanted, cursor, PAGE, silent_after)
    return await large(
        request,
        "environment.html",
        state=state,
        asked=at,
        wrong=wrong,
        moment=moment,
        window=window,
        windows=list(WINDOWS),
        axis=axis,
        conditions=[(it, condition(it)) for it in places[:MOST_PLACES]],
        failing=sum(it.health == "failing" for it in places),
        others=sum(condition(it).is_trouble and it.health != "failing" for it in places),
        rolling=sum(it.health == "progressing" for it in places),
        lanes=drawn_lanes[:MOST_LANES],
        more_lanes=max(0, len(drawn_lanes) - MOST_LANES),
        marked_since=failed.since,
        cut=drawn.begins > ends - WINDOWS[window],
        happened=await happenings(found.items, None, cursor, silent_after),
        next=found.next,
        cursor=cursor,
        over_quota=request.app.state.quotas.of(f"environment/{environment}"),
    )


async def _unheard(environment: str) -> str:
    several = await unread_of(environment) if ENVIRONMENT.fullmatch(environment) else []
    unread = "".join(f" {it.bodies} bodies of it were {it.cause}." for it in several)
    return f"No environment {environment} has reported to this ledger.{unread}"


def _lanes(environment: str, drawn: Window, axis: Axis, failed: Sequence[HistoryItem]) -> list[Lane]:
    """Of the places where something changed within the axis: those that changed last first."""
    changed = [*((it.place, it.from_) for it in drawn.arrivals), *((it.place or "", it.when) for it in failed)]
    recent = sorted(((place, at) for place, at in changed if at > axis.begins), key=lambda it: it[1], reverse=True)
    kept = dict.fromkeys(place for place, _ in recent)
    ran = [it for it in drawn.arrivals if it.place in kept]
    return lanes(ran, {(environment, it): _label(it, ran) for it in kept}, axis, failed, MOST_BARS)


def _label(place: str, arrivals: Sequence[Arrival]) -> str:
    service = next((it.service for it in arrivals if it.place == place), place)
    several = len({it.place for it in arrivals if it.service == service}) > 1
    return f"{service} {place}" if several else service


async def _state(environment: str, moment: datetime | None, silent_after: int) -> EnvironmentState | None:
    if moment is None:
        return await environments.state_of(environment, silent_after)
    return await at_time.state_at(environment, moment, silent_after)


def _moment(text: str) -> tuple[datetime | None, str]:
    """The moment, or what is wrong with it."""
    text = text.strip()
    try:
        moment = parse_moment(text) if text else None
    except ValueError as error:
        return None, f"{text} is no time: {error}."
    if moment and moment > datetime.now(UTC):
        return None, f"{text} has not happened yet."
    return (
        (moment, "") if moment is None or moment >= EPOCH else (None, f"{text} is before all that this ledger knows.")
    )
