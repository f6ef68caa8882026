"""What delivery figures count, one by one."""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from urllib.parse import urlencode

from msgspec import Struct

from ..domain.figures import BroughtCommit, CountedLists, Deployment, Failure, counted, recovery_seconds
from ..domain.state import second_of
from .figures_history import FiguresFilter, FiguresRows, answer_of_told, told
from .figures_period import FiguresPeriod
from .match import moment
from .page import Page

NAMES = CountedLists._fields


class CountedItem(Struct, frozen=True):
    """`what`: deployment | commit | failure, at `when`. `known`: its release was filed. `commit`: the one that began to
    run, `committed_at` when it was made. `well_at`: when the service was well again. `seconds`: the lead time or the
    time to recover; null: it has none. `url`: what the history tells of that second."""

    what: str
    when: datetime
    environment: str
    service: str
    version: str
    known: bool
    commit: str | None
    committed_at: datetime | None
    well_at: datetime | None
    seconds: int | None
    url: str


class ListQuestion(NamedTuple):
    """`rows`: what is read; `name`: one of NAMES."""

    rows: FiguresFilter
    name: str


Counted = Deployment | BroughtCommit | Failure


async def counted_of(name: str, asked: FiguresPeriod) -> list[Counted]:
    """One of NAMES, newest first. Raises Refused."""
    wanted = FiguresFilter(asked.service, asked.environments, asked.begins, asked.ends)
    return await answer_of_told(_ordered, ListQuestion(wanted, name))


async def counted_page(name: str, asked: FiguresPeriod, cursor: str | None, limit: int) -> Page[CountedItem]:
    """`cursor`: how many came before."""
    rows, begins = await counted_of(name, asked), int(cursor or 0)
    ends = begins + limit
    return Page([item(it) for it in rows[begins:ends]], str(ends) if ends < len(rows) else None)


def _ordered(it: ListQuestion, rows: FiguresRows) -> list[Counted]:
    found: list[Counted] = getattr(counted(told(rows), it.rows.begins, it.rows.ends), it.name)
    return sorted(found, key=attrgetter("at", "environment", "service", "version"), reverse=True)


def item(it: Counted) -> CountedItem:
    when, told_at = moment(it.at), moment(second_of(it.position))
    query = {
        "service": it.service,
        "environment": it.environment,
        "from": f"{told_at:%Y-%m-%dT%H:%M:%SZ}",
        "to": f"{told_at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    where, url = (it.environment, it.service, it.version), f"/history?{urlencode(query)}"
    match it:
        case BroughtCommit():
            seconds, committed = it.seconds if it.seconds >= 0 else None, moment(it.at - it.seconds)
            return CountedItem("commit", when, *where, True, it.commit, committed, None, seconds, url)
        case Failure():
            known, well = it.release is not None, moment(it.mended[0]) if it.mended else None
            seconds = recovery_seconds(it) if it.mended else None
            return CountedItem("failure", when, *where, known, None, None, well, seconds, url)
    return CountedItem("deployment", when, *where, it.known, None, None, None, None, url)
