"""The board: every environment and every service on one page."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from litestar import get
from litestar.datastructures import State
from litestar.response import Response
from msgspec.structs import replace

from ..domain.stages import arranged
from ..ledger.arrivals.list import Arrival
from ..ledger.arrivals.window import arrivals_between
from ..ledger.environments import state as environments
from ..ledger.environments.state import EnvironmentState
from .axis import Axis
from .html import large
from .matrix import rows
from .timeline import lanes

MOST_ENVIRONMENTS = 200
LATEST = 12
STRIP = timedelta(days=14)  # how much of its past a cell shows
MOST_CELLS = 500  # places that are shown, those of failing services first
MOST_DRAWN = 1000  # places of an environment whose past is drawn
MOST_BARS = 200  # arrivals of all environments that are drawn: a page stays below 100 KB


@get("/", scope="read", include_in_schema=False)
async def show_board(state: State) -> Response[str]:
    now = datetime.now(UTC)
    page = await environments.states(limit=MOST_ENVIRONMENTS, silent_after=state.settings.silent_after)
    named = {it.environment: it for it in page.items}
    found = [named[it] for stage in arranged(state.settings.environments, [*named]) for it in stage.environments]
    most = max(LATEST, MOST_BARS // len(found)) if found else 0
    windows = {
        it.environment: await arrivals_between(it.environment, now - STRIP, now, most, state.settings.silent_after)
        for it in found
        if len(it.services) <= MOST_DRAWN
    }
    axis = Axis(max((it.begins for it in windows.values()), default=now - STRIP), now)
    services = _services(found)
    table = rows(
        [replace(it, services=[place for place in it.services if place.service in services.shown]) for it in found],
        {environment: lanes(window.arrivals, (), axis) for environment, window in windows.items()},
    )
    recent = _since(now - STRIP, (it.arrivals for it in windows.values()))
    return await large(
        "board.html",
        now=now,
        environments=found,
        total=await environments.count() if page.next else None,
        next=page.next,
        rows=table,
        silent=[it.environment for it in found if it.silent_since],
        services=services,
        undrawn=[it.environment for it in found if it.environment not in windows],
        healthy=page.next is None and services.all_healthy,
        latest=recent[:LATEST],
        more=len(recent) > LATEST,
        strip=STRIP.days,
        axis=axis,
    )


class Services(NamedTuple):
    """Those of all environments, by name: how many there are, which fail, and which are shown."""

    number: int
    failing: list[str]
    all_healthy: bool
    shown: set[str]


def _services(found: Iterable[EnvironmentState]) -> Services:
    places = [place for it in found for place in it.services]
    numbers = Counter(it.service for it in places)
    failing = {it.service for it in places if it.health == "failing"}
    shown, room = set[str](), MOST_CELLS
    for service in sorted(numbers, key=lambda it: (it not in failing, it)):
        if numbers[service] <= room:
            shown.add(service)
            room -= numbers[service]
    return Services(len(numbers), sorted(failing), all(it.health == "healthy" for it in places), shown)


def _since(moment: datetime, windows: Iterable[list[Arrival]]) -> list[Arrival]:
    """The arrivals that began after `moment`, newest first."""
    recent = (it for arrivals in windows for it in arrivals if it.from_ > moment)
    return sorted(recent, key=lambda it: it.from_, reverse=True)
