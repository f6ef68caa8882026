"""What differs between two environments, or between two times of one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response

from ..domain.moment import parse_moment
from ..domain.signature import ENVIRONMENT
from ..domain.stages import Stage, arranged
from ..ledger.environments import compare as comparison
from ..ledger.environments.compare import ComparedPlace, ServiceDifference
from ..ledger.environments.names import environment_names
from ..ledger.environments.state import EnvironmentState
from ..ledger.releases.brief import brief, briefs_between
from .commits import comparison_page
from .html import Asked, large
from .matrix import NEVER
from .not_found import not_found
from .part import part

MOST = 1000  # services
PAGE = 150  # of them that differ
COUNTED = 60  # releases between two whose commits are counted


class Side(NamedTuple):
    """An environment, and the moment that is asked for; None: now."""

    name: str
    at: datetime | None
    text: str
    wrong: str


@dataclass
class Difference:
    """`releases`: by how many the first side is ahead of the second; `commits` None: not all of them were told;
    `compared`: the forge's page of them; `shown`: on this page."""

    it: ServiceDifference
    commits: int | None = None
    compared: str | None = None
    shown: bool = False

    @property
    def service(self) -> str:
        return self.it.service

    @property
    def releases(self) -> int | None:
        return self.it.behind

    @property
    def since(self) -> datetime | None:
        """Of what runs on the first side."""
        return max((place.since for place in self.it.there if place.since), default=None)

    @property
    def health(self) -> list[str]:
        return sorted({place.health for place in self.it.there})

    @staticmethod
    def versions(places: Iterable[ComparedPlace]) -> list[str]:
        return list(dict.fromkeys(it.version + (f"+{it.build}" if it.build else "") for it in places if it.version))


@dataclass
class Sections:
    """The differences, by what is to be said of them."""

    ahead: list[Difference] = field(default_factory=list)
    behind: list[Difference] = field(default_factory=list)
    only_first: list[Difference] = field(default_factory=list)
    only_second: list[Difference] = field(default_factory=list)
    unordered: list[Difference] = field(default_factory=list)
    same: int = 0

    @property
    def all(self) -> list[Difference]:
        """As the page has them."""
        return self.ahead + self.behind + self.only_first + self.only_second + self.unordered

    def add(self, it: ServiceDifference) -> None:
        """`here` is the second side."""
        if it.verdict == "same":
            self.same += 1
        elif not _runs(it.here) or not _runs(it.there):
            (self.only_first if _runs(it.there) else self.only_second).append(Difference(it))
        elif it.verdict == "unknown" or not it.behind:
            self.unordered.append(Difference(it))
        else:
            (self.ahead if it.behind > 0 else self.behind).append(Difference(it))


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
    default = _default(arranged(settings.environments, known))
    sides = [_side(first or default[0], at), _side(second or default[1], with_at)]
    found = list[EnvironmentState]()
    for side in sides:
        state = None
        if ENVIRONMENT.fullmatch(side.name):
            state = await comparison.state_then(side.name, side.at, settings.silent_after)
        if state is None:
            return not_found(request, f"No environment {side.name} has reported to this ledger." if side.name else NONE)
        found.append(state)
    sections = Sections()
    compared = await comparison.compare(found[1], found[0], None, MOST)
    for it in compared.items:
        sections.add(it)
    longest = min((it for it in sections.ahead if it.it.waiting_since), key=_waiting, default=None)
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
        silent=[it for it in found if it.silent_since],
        environments=known,
        found=sections,
        longest=longest,
        sort=sort,
        part=listed,
        most=MOST if compared.next else None,
    )


NONE = "Nothing can be compared: no environment has reported to this ledger."


def _default(stages: list[Stage]) -> tuple[str, str]:
    """The last two stages."""
    if not stages:
        return "", ""
    last = stages[-1].environments
    return (stages[-2].environments if len(stages) > 1 else last)[0], last[-1]


def _side(name: str, text: str) -> Side:
    try:
        moment = parse_moment(text.strip()) if text.strip() else None
    except ValueError as error:
        return Side(name, None, text, f"{text} is no time: {error}")
    if moment and moment > datetime.now(UTC):
        return Side(name, None, text, f"{text} has not happened yet")
    return Side(name, moment, text, "")


def _runs(places: Iterable[ComparedPlace]) -> bool:
    return any(it.version for it in places)


def _waiting(it: Difference) -> tuple[bool, datetime]:
    return it.it.waiting_since is None, it.it.waiting_since or NEVER


def _newest(it: Difference) -> float:
    return -it.since.timestamp() if it.since else 0.0


async def _count(several: Iterable[Difference]) -> None:
    for one in several:
        mine, others = one.it.here[0].version or "", one.it.there[0].version or ""
        releases = await briefs_between(one.service, mine, others, COUNTED)
        if len(releases) == one.releases and all(it.changes is not None for it in releases):
            one.commits = sum(it.number for it in releases)
            one.compared = comparison_page(await brief(one.service, mine), releases[-1])
