"""Delivery figures: what is counted is read from arrivals, the history and filed releases, within bounds.

What a period is told to have had is what was known at its end: of its changes, no later failure and no later recovery
is read. So figures of a period that has ended change only where something is heard late.
"""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from msgspec import Struct, field

from ..domain.figures import Count, PeriodFigures, figures, slices
from ..domain.state import position_at
from .environments.state import environment_row
from .figures_clusters import contested_environments
from .figures_heard import heard_since
from .figures_history import FiguresFilter, FiguresRows, answer_of_told, told
from .figures_period import FiguresPeriod
from .figures_rows import FiguresWindow, pieces
from .history_rows import HistoryFilter, silences
from .match import moment

BARS = 13
DEFINITIONS = {
    "deployments": "Versions that began to run in an environment in which they never ran before, a week.",
    "lead_time": "From a release's source commit until that commit first ran in the environment: the median. Left out: "
    "deployments whose release was not filed, and commits that are dated later than they ran.",
    "change_fail_rate": "Changes that failed in the period, of those that began or failed in it. A change is a version "
    "in an environment. It fails when it cannot be installed in a place, when its tests fail, or when its roll back is "
    "proposed.",
    "recovery_time": "From a change's failure until, in every place in which it failed, something began to run, was "
    "rolled back to, or was well again; of one that is rolled back, until another version began to run: the median. "
    "Left out: what was not mended by the end.",
    "rework_rate": "Deployments that are the first after a failure of another version there, of all. Whether they had "
    "been planned all the same is not known.",
}
# Which list has what is counted, of how many it is a share, and what could not be counted.
LISTS: dict[str, tuple[str | None, str | None, str | None]] = {
    "deployments": ("deployments", None, None),
    "lead_time": ("commits", None, "left_out"),
    "change_fail_rate": ("failures", "changes", None),
    "recovery_time": ("recoveries", None, "failing"),
    "rework_rate": ("rework", "deployments", None),
}


class Figure(Struct, frozen=True):
    """`value`, `n`, `of`, `p90` and `left` are a count's. `url`, `of_url` and `left_url` list what these three count;
    null: there is nothing to list."""

    value: float | None
    n: int
    of: int | None
    p90: float | None
    left: int
    definition: str
    url: str | None
    of_url: str | None
    left_url: str | None


class FiguresOfPart(Struct, frozen=True):
    """The period before, or a part of the period. `url`: the same with what is counted; null: it has no length."""

    begins: datetime = field(name="from")
    ends: datetime = field(name="to")
    figures: PeriodFigures
    url: str | None


class DeliveryFigures(Struct, frozen=True):
    """`environments`: those of the group that was asked for; null: it is none. `silent`: environments of which nothing
    was heard for a while in the period: what began then is known late. `contested`: environments in which two clusters
    have reported as one place until its end, and are counted as one. `heard_since`: the ledger heard of nothing before,
    or of one of the environments that were asked for; null: it did before the period before."""

    service: str | None
    environment: str | None
    environments: list[str] | None
    begins: datetime = field(name="from")
    ends: datetime = field(name="to")
    figures: dict[str, Figure]
    before: FiguresOfPart
    bars: list[FiguresOfPart]
    silent: list[str]
    contested: list[str]
    heard_since: datetime | None


class FiguresQuestion(NamedTuple):
    """`rows`: what is read; `periods`: the one that is asked for, the one before, and parts."""

    rows: FiguresFilter
    asked: FiguresPeriod
    periods: tuple[tuple[int, int], ...]


async def delivery_figures(asked: FiguresPeriod, silent_after: int) -> DeliveryFigures:
    """Of the period, with those of the one of the same length before it, and of 13 parts of it. Raises Refused."""
    begins, ends = asked.begins, asked.ends
    earlier = max(0, begins - (ends - begins))
    wanted = FiguresFilter(asked.service, asked.environments, earlier, ends)
    periods = ((begins, ends), (earlier, begins), *slices(begins, ends, BARS))
    now, before, *bars = await answer_of_told(_parts, FiguresQuestion(wanted, asked, periods))
    quiet, heard = (
        await _silent(wanted._replace(begins=begins), silent_after),
        await heard_since(asked.environments or ()),
    )
    contested = await contested_environments(asked.service, position_at(ends))
    return DeliveryFigures(
        service=asked.service,
        environment=asked.environment,
        environments=list(asked.environments) if asked.is_group and asked.environments else None,
        begins=now.begins,
        ends=now.ends,
        figures={name: _figure(name, getattr(now.figures, name), asked) for name in DEFINITIONS},
        before=before,
        bars=bars,
        silent=sorted(quiet),
        contested=sorted(contested.intersection(asked.environments or contested)),
        heard_since=heard if heard and heard > before.begins else None,
    )


async def _silent(wanted: FiguresFilter, silent_after: int) -> set[str]:
    """Those that were, that still are, and those of a group that never reported."""
    windows = [FiguresWindow(None, *it[1:]) for it in wanted.windows()]
    quiet = {row.environment for each in windows async for rows in pieces("silent", each) for row in rows}
    now = [it for it in await silences(HistoryFilter(), silent_after) if it.position < position_at(wanted.ends)]
    if wanted.environments is None:
        return quiet | {it.environment for it in now}
    never = {it for it in wanted.environments if not await environment_row(it)}
    return quiet | never | {it.environment for it in now if it.environment in wanted.environments}


def _parts(it: FiguresQuestion, rows: FiguresRows) -> list[FiguresOfPart]:
    found = told(rows)
    return [
        FiguresOfPart(
            moment(begins),
            moment(ends),
            figures(found, begins, ends),
            _url("/figures", it.asked._replace(begins=begins, ends=ends)) if begins < ends else None,
        )
        for begins, ends in it.periods
    ]


def _figure(name: str, count: Count, asked: FiguresPeriod) -> Figure:
    numbers = (count.n, count.of, count.left)
    lists = zip(LISTS[name], numbers, strict=True)
    urls = [_url(f"/figures/{it}", asked) if it and number else None for it, number in lists]
    return Figure(count.value, count.n, count.of, count.p90, count.left, DEFINITIONS[name], *urls)


def _url(path: str, asked: FiguresPeriod) -> str:
    return f"{path}?{urlencode(asked.query())}"
