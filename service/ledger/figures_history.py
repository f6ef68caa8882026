"""What delivery figures count, read from arrivals, the history and filed releases, within bounds; and answers that are
made of it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from ..database.piccolo_conf import current
from ..domain.figures import ArrivedVersion, Deployment, FailedPlace, Failure, Told, reworking
from ..domain.state import position_at
from ..errors import Refused
from .figures_commits import CommitRows, brought_commits, read_commits
from .figures_rework import failed_before
from .figures_rows import (
    MOST,
    PIECE,
    Begun,
    FailedVersion,
    FiguresWindow,
    HistoryMoment,
    Line,
    TooManyRows,
    pieces,
)

WellAgain = ArrivedVersion | HistoryMoment  # its `version` began to run; None: what ran was well, or rolled back to
# By environment and service, by place, None: in any; in the order of positions.
WellPlaces = Mapping[tuple[str, str | None], Mapping[str | None, list[WellAgain]]]
Question = TypeVar("Question", bound=tuple["FiguresFilter", *tuple[Any, ...]])
Answer = TypeVar("Answer")


class FiguresFilter(NamedTuple):
    """`environments` None: of all. `begins` and `ends` in seconds since 1970."""

    service: str | None
    environments: tuple[str, ...] | None
    begins: int
    ends: int

    def windows(self) -> Iterator[FiguresWindow]:
        for name in self.environments or (None,):
            yield FiguresWindow(self.service, name, position_at(self.begins), "", position_at(self.ends), PIECE)


class FiguresRows(NamedTuple):
    """`failed`: versions that did, and `rollbacks`: that people rolled back; `well`: what was well again; `ill`: what
    had failed before, and began to run nothing new since."""

    arrived: list[ArrivedVersion]
    begun: Begun
    commits: CommitRows
    failed: list[FailedVersion]
    rollbacks: list[FailedVersion]
    well: list[HistoryMoment]
    ill: set[Line]


async def answer_of_told(make: Callable[[Question, FiguresRows], Answer], question: Question) -> Answer:
    """`make` is given what was told of the question's first field, a FiguresFilter. Raises Refused."""
    try:
        return await current().long_reads(_read, make, question)
    except TooManyRows:
        raise Refused(
            f"More than {MOST:,} arrivals, failures or releases are in the period and the one before it.",
            "Ask for a shorter one, for one service, or for one environment.",
        ) from None


async def _read(question: tuple[FiguresFilter, *tuple[Any, ...]]) -> FiguresRows:
    wanted = question[0]
    arrived: list[ArrivedVersion] = await _rows("arrived", wanted)
    begun = defaultdict[Line, list[ArrivedVersion]](list)
    for it in arrived:
        if not it.again:
            begun[it.environment, it.service].append(it)
    begins = position_at(wanted.begins)
    commits, ill = await read_commits(begun, begins), await failed_before(begun, begins)
    failed, rollbacks = await _rows("failed", wanted), await _rows("rollback", wanted)
    well = [*await _rows("recovered", wanted), *await _rows("rolled_back", wanted)]
    return FiguresRows(arrived, begun, commits, failed, rollbacks, well, ill)


async def _rows(what: str, wanted: FiguresFilter) -> list[Any]:
    """Raises TooManyRows."""
    found = list[Any]()
    for window in wanted.windows():
        async for rows in pieces(what, window):
            found += rows
            if len(found) > MOST:
                raise TooManyRows
    return found


def told(rows: FiguresRows) -> Told:
    failures, at = _failures(rows), attrgetter("at")
    failed = defaultdict[Line, list[Failure]](list)
    for each in failures:
        failed[each.environment, each.service].append(each)
    brings = brought_commits(rows.begun, rows.commits)
    reworks = {
        line: reworking(several, failed.get(line, ()), ill=line in rows.ill) for line, several in rows.begun.items()
    }
    deployments = list[Deployment]()
    for it in rows.arrived:  # in this order, in which they lie in memory: half the time of one service after another
        if not it.again:
            line = it.environment, it.service
            deployments.append(
                Deployment(*it[:5], it.release is not None, it.version in reworks[line], next(brings[line]))
            )
    return Told(sorted(deployments, key=at), sorted(failures, key=at))


def _failures(rows: FiguresRows) -> list[Failure]:
    """Of each version the first: that of Flux, or that people rolled it back."""
    flux = {change: _first_of_places(several) for change, several in _changes(rows.failed).items()}
    people = {
        change: [it for it in several if it.failed == several[0].failed]  # of one proposal
        for change, several in _changes(rows.rollbacks).items()
    }
    well = _well(rows)
    found = [it for several in flux.values() if (it := _failure(several, well, people=False))]
    return found + [it for several in people.values() if (it := _failure(several, well, people=True))]


def _changes(rows: Iterable[FailedVersion]) -> dict[tuple[Any, ...], list[FailedVersion]]:
    """By environment, service and version; what fails there, in its order."""
    found = defaultdict[tuple[Any, ...], list[FailedVersion]](list)
    for it in rows:
        if it.version is not None and it.failed_position is not None:
            found[it[:3]].append(it)
    return {change: sorted(several, key=attrgetter("failed_position")) for change, several in found.items()}


def _first_of_places(several: Iterable[FailedVersion]) -> list[FailedVersion]:
    """A place has one row in each piece that was read."""
    first = dict[str | None, FailedVersion]()
    for it in several:
        first.setdefault(it.place, it)
    return [*first.values()]


def _failure(several: Sequence[FailedVersion], well: WellPlaces, people: bool) -> Failure | None:
    """None: it is not the first of that version. What `people` roll back is well when another version runs."""
    it = several[0]
    if it.again or it.version is None or it.failed is None or it.failed_position is None:
        return None
    began = (it.began, it.began_position) if it.began is not None and it.began_position else None
    places = list[FailedPlace]()
    for each in several:
        if each.failed is not None and each.failed_position is not None:
            here = well[each[:2]][each.place]
            mended = _after(each.failed_position, here, it.version if people else None)
            places.append(FailedPlace(each.failed, each.failed_position, mended))
    return Failure(it.environment, it.service, it.version, it.failed, it.failed_position, it.release, began, (*places,))


def _well(rows: FiguresRows) -> WellPlaces:
    """When a service was well again where it had failed."""
    found = defaultdict[tuple[str, str | None], dict[str | None, list[WellAgain]]](dict)
    for each in (*rows.failed, *rows.rollbacks):
        found[each[:2]][each.place] = []
    moments: list[WellAgain] = [*rows.arrived, *rows.well]
    moments.sort(key=attrgetter("position"))
    for it in moments:
        here = found.get(it[:2], {})
        for place in (it.place, None):
            if place in here:
                here[place].append(it)
    return found


def _after(position: str, well: Sequence[WellAgain], but: str | None) -> tuple[int, str] | None:
    """`but`: not when this version began to run, or was well."""
    index = bisect_right(well, position, key=attrgetter("position"))
    later = (well[it] for it in range(index, len(well)))
    return next(((it.at, it.position) for it in later if but is None or it.version not in (None, but)), None)
