"""The board: what needs somebody, and what runs where."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import Response

from ..domain.signature import ENVIRONMENT
from ..ledger.environments import state as environments
from ..ledger.environments.distance import behind_newest, filed_services
from ..ledger.environments.state import EnvironmentState
from ..ledger.history import HistoryItem, history
from ..ledger.history_rows import HistoryFilter
from ..ledger.proposals import AwaitedRelease, awaited_releases
from ..ledger.releases.read import newest
from .columns import Column, columns
from .html import large
from .matrix import Row, rows
from .not_found import not_found
from .part import part
from .trouble import SHOWN, Trouble, explain, troubles

LATEST = 9
PAGE = 150  # services
ON_THE_WALL = 5  # troubles
FILTERS = {
    "failing": lambda it: it.failing,
    "moving": lambda it: it.moving,
    "behind": lambda it: it.behind,
    "unfiled": lambda it: it.unfiled,
}


class Filter(NamedTuple):
    """What the reader asked for: services by the beginning of their name, and with one of these `states`."""

    name: str
    states: list[str]

    def takes(self, it: Row) -> bool:
        return it.service.startswith(self.name) and (not self.states or any(FILTERS[one](it) for one in self.states))


@get(["/", "/board"], scope="read", include_in_schema=False)
async def show_board(
    request: Request[Any, Any, Any],
    name: Annotated[str, QueryParameter(name="name")] = "",
    environment: Annotated[str, QueryParameter(name="environment")] = "",
    page: Annotated[str, QueryParameter(name="page")] = "1",
) -> Response[bytes]:
    """`environment`: a stage or an environment; `wall`: for a screen that nobody touches."""
    settings, asked = request.app.state.settings, request.query_params
    found = await environments.first(settings.silent_after)
    states = {it.environment: it for it in found.items}
    if environment not in states and ENVIRONMENT.fullmatch(environment):  # of many it may not be among the first
        only = await environments.state_of(environment, settings.silent_after)
        states |= {environment: only} if only else {}
    shown = columns(settings.environments, states, environment or None)
    if environment and not shown:
        return not_found(request, f"No environment and no group {environment} has reported to this ledger.")
    awaited = await awaited_releases(states.values(), settings.silent_after)
    every = rows(shown, await behind_newest(), awaited, await filed_services())
    wanted = Filter(name.strip().lower(), [it for it in FILTERS if it in asked])
    taken = sorted((it for it in every if wanted.takes(it)), key=lambda it: it.alike)
    listed = part(taken, page, PAGE)
    ill = troubles(shown)
    standing = Summary.of(shown, every, ill)
    room = max(0, ON_THE_WALL - len(standing.silent)) if "wall" in asked else SHOWN
    await explain(ill[:room], settings.silent_after)
    return await large(
        request,
        "wall.html" if "wall" in asked else "board.html",
        environment=environment,
        columns=shown,
        next=found.next,
        total=await environments.count() if found.next else None,
        standing=standing,
        troubles=ill[:room],
        hidden=len(ill) - len(ill[:room]),
        counts={it: sum(map(test, every)) for it, test in FILTERS.items()},
        filter=wanted,
        rows=[it for it in listed.items if not it.alike],
        alike=[it for it in listed.items if it.alike],
        differing=sum(not it.alike for it in taken),
        same=sum(it.alike for it in taken),
        part=listed,
        latest=await _latest(shown),
        unheard=[it for it in awaited if it.environment not in states],
        releases=[] if states else await _releases(awaited),
    )


class Summary(NamedTuple):
    """`failing`: services; `others`: places that do not fail, and yet need somebody, but for those of silent
    environments; `reporting`: environments that are not silent."""

    services: int
    failing: list[str]
    silent: list[EnvironmentState]
    others: int
    rolling: int
    waiting: int
    reporting: int

    @property
    def healthy(self) -> bool:
        return not (self.failing or self.silent or self.others)

    @classmethod
    def of(cls, columns: Sequence[Column], every: Sequence[Row], ill: Sequence[Trouble]) -> "Summary":
        failing = dict.fromkeys(it.state.service for it in ill if it.condition.tone == "ill")
        reporting = [it for column in columns for it in column.states if not it.silent_since]
        return cls(
            sum(bool(it.lines) for it in every),
            [*failing],
            [it for column in columns for it in column.silent],
            sum(it.condition.tone != "ill" for it in ill),
            sum(it.health == "progressing" for one in reporting for it in one.services),
            len({(wait.service, wait.version) for it in every for cell in it.cells for wait in cell.waits}),
            len(reporting),
        )


async def _latest(columns: Sequence[Column]) -> list[HistoryItem]:
    wanted = [it.environment for column in columns for it in column.states]
    found = await history(HistoryFilter(kind="arrived"), None, LATEST)
    return [it for it in found.items if it.environment in wanted]


class UnarrivedRelease(NamedTuple):
    """One that was filed, and for which environments it is proposed."""

    service: str
    version: str
    recorded_at: datetime
    environments: list[str]
    proposal: str | None


async def _releases(awaited: Sequence[AwaitedRelease]) -> list[UnarrivedRelease]:
    """The newest, where no environment has reported."""
    found = list[UnarrivedRelease]()
    for it in (await newest(limit=LATEST)).items:
        name, version = it.receipt.service, it.receipt.version
        own = [one for one in awaited if (one.service, one.version) == (name, version)]
        there = [one.environment for one in own]
        found.append(UnarrivedRelease(name, version, it.receipt.recorded_at, there, own[0].proposal if own else None))
    return found
