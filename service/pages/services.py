"""A service: how it stands in each environment, its past on one timeline, and all that happened."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Response

from ..domain.event import NAME
from ..domain.stages import Stage
from ..ledger import services
from ..ledger.arrivals.window import service_arrivals_between
from ..ledger.environments.distance import behind_newest
from ..ledger.environments.service import service_states
from ..ledger.environments.state import EnvironmentState
from ..ledger.history import CURSOR, history
from ..ledger.history_rows import HistoryFilter
from ..ledger.proposals import awaited_releases
from ..ledger.releases.brief import newest_in_brief
from .axis import WINDOWS, Axis, end_of
from .columns import Column, columns
from .failures import failures
from .happenings import happenings
from .html import Asked, large
from .matrix import Behind, Cell, compare, lines
from .not_found import not_found
from .timeline import Lane, lanes
from .trouble import explain, troubles

MOST_ARRIVALS, MOST_FAILURES = 400, 60
RELEASES = 200  # the newest, whose commits are marked
LISTED = 12  # releases
PAGE = 25  # of what happened


@get("/board/services/{service:str}", scope="read", include_in_schema=False)
async def show_service(
    request: Asked,
    service: FromPath[str],
    window: Annotated[str, QueryParameter(name="window")] = "30d",
    cursor: Annotated[str | None, QueryParameter(name="cursor")] = None,
) -> Response[bytes]:
    """`window`: how much of the past is drawn."""
    settings = request.app.state.settings
    if not NAME.fullmatch(service) or not await services.exists(service):
        return not_found(request, f"Nothing is known of a service {service}.")
    states = await service_states(service, settings.silent_after)
    shown = columns(settings.environments, states, None)
    every = _cards(service, shown, await behind_newest())
    awaited = [it for it in await awaited_releases(states.values(), settings.silent_after) if it.service == service]
    ill = troubles(shown)
    await explain(ill, settings.silent_after)
    window = window if window in WINDOWS else "30d"
    past = await _past(service, shown, window, settings.silent_after)
    releases = await newest_in_brief(service, RELEASES)
    cursor = cursor if cursor and CURSOR.fullmatch(cursor) else None
    happened = await history(HistoryFilter(service), cursor, PAGE, settings.silent_after)
    return await large(
        request,
        "service.html",
        service=service,
        cards=every,
        awaited=awaited,
        troubles=ill,
        silent=[it for it in states.values() if it.silent_since],
        window=window,
        windows=list(WINDOWS),
        past=past,
        releases=releases[:LISTED],
        more=len(releases) > LISTED,
        commits=[(round(past.axis.at(it.recorded_at), 2), it) for it in releases if past.axis.begins <= it.recorded_at],
        happened=await happenings(happened.items, service, cursor, settings.silent_after),
        next=happened.next,
        cursor=cursor,
    )


def _cards(service: str, shown: Sequence[Column], behind: Behind) -> list[Cell]:
    """One of each environment."""
    stages = list[list[Cell]]()
    for column in shown:
        stages.append([_card(it, behind) for it in column.states])
    compare(stages)
    return [it for stage in stages for it in stage]


def _card(state: EnvironmentState, behind: Behind) -> Cell:
    column = Column(Stage(state.environment, (state.environment,)), [state])
    return Cell(column, lines(column, [(state.environment, it) for it in state.services], behind))


class Past(NamedTuple):
    """`cut`: there were too many arrivals, so that the axis begins later than was asked for;
    `marked_since`: too many failures, so that older ones are missing."""

    axis: Axis
    lanes: list[Lane]
    cut: bool
    marked_since: datetime | None


async def _past(service: str, shown: Sequence[Column], window: str, silent_after: int) -> Past:
    ends = end_of(window, datetime.now(UTC))
    begins = ends - WINDOWS[window]
    drawn = await service_arrivals_between(service, begins, ends, MOST_ARRIVALS, silent_after)
    axis, states = Axis(drawn.begins, ends), {it.environment: it for column in shown for it in column.states}
    labels = {
        (name, it.place): f"{name} {it.place}" if len(state.services) > 1 else name
        for name, state in states.items()
        for it in state.services
    }
    failed = await failures(service, None, axis, MOST_FAILURES)
    drawn_lanes = lanes(drawn.arrivals, labels, axis, failed.items)
    return Past(axis, drawn_lanes, drawn.begins > begins, failed.since)
