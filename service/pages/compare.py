"""What differs between two environments or groups, or between two times of one."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Annotated, NamedTuple

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response

from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..domain.stages import Stage, arranged, members
from ..ledger.environments import compare as comparison
from ..ledger.environments.names import environment_names
from ..ledger.environments.state import EnvironmentState
from ..ledger.releases.brief import brief, briefs_between
from ..settings import Settings
from .commits import comparison_page
from .difference import Difference, Pair, Sections
from .html import Asked, large
from .matrix import NEVER
from .not_found import not_found
from .part import part

MOST = 1000  # services
PAGE = 150  # of them that differ
COUNTED = 60  # releases between two whose commits are counted
NAMED = 20  # choices


class Side(NamedTuple):
    """An environment or a group, with how those of its environments stood that have reported, and the `missing` ones
    that have not. `at`: the moment that is asked for; None: now."""

    stage: Stage
    states: list[EnvironmentState]
    missing: list[str]
    at: datetime | None
    text: str
    wrong: str

    @property
    def name(self) -> str:
        return self.stage.name


@get("/board/compare", scope="read", include_in_schema=False)
async def show_comparison(
    request: Asked,
    first: Annotated[str, QueryParameter(name="first")] = "",
    second: Annotated[str, QueryParameter(name="second")] = "",
    at: Annotated[str, QueryParameter(name="at")] = "",
    with_at: Annotated[str, QueryParameter(name="with_at")] = "",
) -> Response[bytes]:
    """As `waybill compare FIRST SECOND --at --with-at`: what the second lacks of the first."""
    settings, known = request.app.state.settings, await environment_names()
    stages = arranged(settings.environments, known)
    choices = [*(it.name for it in stages if it.name not in known), *known]
    sides = list[Side]()
    for name, default, text in zip((first, second), _default(stages), (at, with_at), strict=True):
        it = await _side(name or default, settings, text)
        if not it.states:
            return not_found(request, _nothing(it.name, choices))
        sides.append(it)
    sections, cut = await _sections(sides[0], sides[1])
    longest = min((it for it in sections.ahead if it.waiting_since), key=_waiting, default=None)
    sort = request.query_params.get("sort")
    sections.ahead.sort(key=_waiting if sort == "waiting" else _newest)
    listed = part(sections.all, request.query_params.get("page", ""), PAGE)
    for one in listed.items:
        one.shown = True
    await _count(one for one in sections.ahead if one.shown)
    return await large(
        request,
        "compare.html",
        first=sides[0],
        second=sides[1],
        silent=[it for side in sides for it in side.states if it.silent_since],
        compared=[(one.environment, other.environment) for one, other in _compared(*sides)],
        choices=choices,
        found=sections,
        longest=longest,
        sort=sort,
        part=listed,
        most=MOST if cut else None,
    )


def _default(stages: Sequence[Stage]) -> tuple[str, str]:
    """The last two stages; of one alone, its first and its last environment."""
    if len(stages) > 1:
        return stages[-2].name, stages[-1].name
    only = stages[0].environments if stages else ("",)
    return only[0], only[-1]


def _nothing(name: str, choices: Sequence[str]) -> str:
    if not choices:
        return "Nothing can be compared: no environment has reported to this ledger."
    more = f" and {len(choices) - NAMED} more" if len(choices) > NAMED else ""
    return f"{name} is none of what can be compared: {', '.join(choices[:NAMED])}{more}."


async def _side(name: str, settings: Settings, text: str) -> Side:
    environments = members(settings.environments, name) or ((name,) if ENVIRONMENT.fullmatch(name) else ())
    moment, wrong = None, ""
    try:
        moment = parse_moment(text.strip()) if text.strip() else None
    except ValueError as error:
        wrong = f"{text} is no time: {error}"
    if moment and moment > datetime.now(UTC):
        moment, wrong = None, f"{text} has not happened yet"
    found = {it: await comparison.state_then(it, moment, settings.silent_after) for it in environments}
    missing = [it for it, state in found.items() if state is None]
    return Side(Stage(name, environments), [it for it in found.values() if it], missing, moment, text, wrong)


def _compared(first: Side, second: Side) -> list[tuple[EnvironmentState, EnvironmentState]]:
    """Each environment with each; of two times of a group, each with itself."""
    if first.name == second.name:
        return [*zip(first.states, second.states, strict=True)]
    return [*product(first.states, second.states)]


async def _sections(first: Side, second: Side) -> tuple[Sections, bool]:
    """Also whether there are more services than are compared."""
    pairs, ends = dict[str, list[Pair]](), list[str]()
    for one, other in _compared(first, second):
        compared = await comparison.compare(other, one, None, MOST)
        ends += [compared.next] if compared.next else []
        for it in compared.items:
            pairs.setdefault(it.service, []).append(Pair(one.environment, other.environment, it))
    sections = Sections()
    for name in sorted(pairs):
        if not ends or name <= min(ends):
            sections.add(Difference(pairs[name]))
    return sections, bool(ends)


def _waiting(it: Difference) -> tuple[bool, datetime]:
    return it.waiting_since is None, it.waiting_since or NEVER


def _newest(it: Difference) -> float:
    return -it.since.timestamp() if it.since else 0.0


async def _count(several: Iterable[Difference]) -> None:
    for one in several:
        mine, others = (it[0].version or "" for it in (one.furthest.here, one.furthest.there))
        releases = await briefs_between(one.service, mine, others, COUNTED)
        if len(releases) == one.releases and all(it.changes is not None for it in releases):
            one.commits = sum(it.number for it in releases)
            one.compared = comparison_page(await brief(one.service, mine), releases[-1])
