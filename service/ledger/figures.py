"""Delivery figures: what is counted is read from arrivals, the history and filed releases, within bounds.

What a period is told to have had is what was known at its end: of its changes, no later failure and no later recovery
is read. So figures of a period that has ended change only where something is heard late.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from urllib.parse import urlencode

from msgspec import Struct, field, structs

from ..domain.event import EPOCH, SECOND
from ..domain.figures import BroughtCommit, Change, Count, CountedRelease, PeriodFigures, brought, figures, slices
from ..domain.state import position_at
from ..errors import Refused
from . import figures_rows as rows
from .figures_rows import (
    PIECE,
    BegunRow,
    CommitBefore,
    FailedVersionRow,
    FiguresKey,
    LineAfter,
    LineBefore,
    ReleasesBetween,
    RollbackRow,
    SilenceRow,
)
from .history_rows import HistoryFilter, silences
from .match import moment

BARS = 13
MOST = 40_000  # changes that one answer counts
DEFINITIONS = {
    "deployments": "Versions that began to run in an environment in which they never ran before, a week.",
    "lead_time": "From a release's source commit until that commit first ran in the environment: the median. Left out: "
    "deployments whose release was not filed, and commits that are dated later than they ran.",
    "change_fail_rate": "Changes that failed in the period, of those that began or failed in it. A change is a version "
    "in an environment; it fails when it is not installed, when its tests fail, or when people roll it back.",
    "recovery_time": "From a change's failure until something began to run there, was rolled back to, or was well "
    "again: the median. Left out: what was still failing at the end.",
    "rework_rate": "Deployments that mend an earlier one, of all: not known, since no release says that it mends one.",
}
LINKS = {"deployments": "arrived", "lead_time": "arrived"}  # the others are of several kinds


class Line(NamedTuple):
    """A service in an environment."""

    service: str
    environment: str


class Figure(Struct, frozen=True):
    """`value`, `n`, `of`, `p90` and `left` are a count's; `url` is the history that is counted."""

    value: float | None
    n: int
    of: int | None
    p90: float | None
    left: int
    definition: str
    url: str


class FiguresOfPart(Struct, frozen=True):
    """The period before, or a part of the period."""

    begins: datetime = field(name="from")
    ends: datetime = field(name="to")
    figures: PeriodFigures


class DeliveryFigures(Struct, frozen=True):
    """`silent`: environments of which nothing was heard for a while in the period: what began then is known late."""

    service: str | None
    environment: str | None
    begins: datetime = field(name="from")
    ends: datetime = field(name="to")
    figures: dict[str, Figure]
    before: FiguresOfPart
    bars: list[FiguresOfPart]
    silent: list[str]


async def delivery_figures(
    service: str | None, environment: str | None, begins: datetime, ends: datetime, silent_after: int
) -> DeliveryFigures:
    """Of the period, in whole seconds, with those of the one of the same length before it, and of 13 parts of it."""
    first, last = ((it - EPOCH) // SECOND for it in (begins, ends))
    earlier = max(0, first - (last - first))
    wanted = FiguresKey(service, environment, position_at(earlier), "", position_at(last))
    changes, begun = await _changes(wanted)
    commits = await _brought(begun, wanted.begins)
    quiet = {it.environment async for it in rows.pieces(SilenceRow, wanted._replace(begins=position_at(first)))}
    quiet |= {it.environment for it in await silences(HistoryFilter(None, environment), silent_after) if it.at < last}
    periods = [(first, last), (earlier, first), *slices(first, last, BARS)]
    now, before, *bars = await asyncio.to_thread(_counted, changes, commits, periods)
    selected = {"service": service, "environment": environment, "from": now.begins, "to": now.ends}
    return DeliveryFigures(
        service=service,
        environment=environment,
        begins=now.begins,
        ends=now.ends,
        figures={name: _figure(name, getattr(now.figures, name), selected) for name in DEFINITIONS},
        before=before,
        bars=bars,
        silent=sorted(quiet),
    )


async def _changes(wanted: FiguresKey) -> tuple[list[Change], dict[Line, list[tuple[int, int]]]]:
    """Also those that people rolled back, whenever they began; and by service and environment the filed releases that
    began, each with its time."""
    found: dict[tuple[str, str, str], Change] = {}
    begun: dict[Line, list[tuple[int, int]]] = {}
    async for it in rows.pieces(BegunRow, wanted):
        if it.again:
            continue
        found[it[:3]] = _change(it, it.at, it.failed)
        if len(found) > MOST:
            raise Refused(
                f"More than {MOST:,} changes are in the period and the one before it.",
                "Ask for a shorter one, for one service, or for one environment.",
            )
        if it.release is not None:
            begun.setdefault(Line(it.service, it.environment), []).append((it.at, it.release))
    async for it in rows.pieces(FailedVersionRow, wanted):
        if it.failed is not None:
            found[it[:3]] = _change(it, it.began, it.failed)
    async for it in rows.pieces(RollbackRow, wanted):
        if it.version in (None, it.target):
            continue
        key = (it.environment, it.service, str(it.version))
        known = found.get(key, Change(*key, None, None))
        if known.failed is None or it.at < known.failed:
            found[key] = structs.replace(known, failed=it.at)
    return [await _with_recovery(it, wanted.ends) for it in found.values()], begun


def _change(it: BegunRow | FailedVersionRow, began: int | None, failed: int | None) -> Change:
    return Change(it.environment, it.service, it.version, began, failed, filed=it.release is not None)


async def _with_recovery(change: Change, ends: str) -> Change:
    if change.failed is None:
        return change
    line = LineAfter(change.service, change.environment, position_at(change.failed + 1), ends)
    after = await rows.after_failure(line)
    return structs.replace(change, mended=min((it.at for it in after), default=None))


async def _brought(begun: Mapping[Line, Sequence[tuple[int, int]]], begins: str) -> list[BroughtCommit]:
    found = list[BroughtCommit]()
    for service, lines in groupby(sorted(begun), attrgetter("service")):
        newest: dict[Line, int | None] = {}
        for line in lines:
            before = await rows.newest_before(LineBefore(*line, begins))
            newest[line] = before[0].id if before else None
        numbers = [number for line in newest for _, number in begun[line]]
        first = min([*(it for it in newest.values() if it is not None), min(numbers) - 1])
        filed, shared = await _filed(service, first, max(numbers))
        for line, known in newest.items():
            ran = [it for it in shared if await rows.with_commit_before(CommitBefore(*line, it, begins))]
            found += brought(begun[line], filed, known, ran)
    return found


async def _filed(service: str, after: int, last: int) -> tuple[list[CountedRelease], set[str]]:
    """The releases of a service between two, and the commits that several of its releases have."""
    filed, shared = list[CountedRelease](), set[str]()
    while piece := await rows.releases_between(ReleasesBetween(service, after, last, PIECE)):
        for it in piece:
            date = (rows.committed(it.document).source.committed_at - EPOCH) // SECOND
            filed.append(CountedRelease(it.id, it.source_commit, date))
            shared |= {it.source_commit} if it.shared > 1 else set()
        after = piece[-1].id
    return filed, shared


def _counted(
    changes: Sequence[Change], commits: Sequence[BroughtCommit], periods: Sequence[tuple[int, int]]
) -> list[FiguresOfPart]:
    return [FiguresOfPart(moment(it[0]), moment(it[1]), figures(changes, commits, *it)) for it in periods]


def _figure(name: str, count: Count, selected: dict[str, str | datetime | None]) -> Figure:
    kind = {"kind": LINKS[name]} if name in LINKS else {}
    query = {key: it.isoformat() if isinstance(it, datetime) else it for key, it in (selected | kind).items() if it}
    url = f"/history?{urlencode(query)}"
    return Figure(count.value, count.n, count.of, count.p90, count.left, DEFINITIONS[name], url)
