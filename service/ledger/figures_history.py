"""What delivery figures count, read from arrivals, the history and filed releases, within bounds; and answers that are
made of it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from ..database.piccolo_conf import current
from ..domain.figures import Deployment, FailedPlace, Failure, Told, reworked
from ..domain.state import position_at
from ..errors import Refused
from .figures_commits import Begun, CommitRows, begun_of_filed, brought_commits, read_commits
from .figures_rework import failed_before
from .figures_rows import MOST, PIECE, FailedVersion, FiguresWindow, HistoryMoment, TooManyRows, pieces

Line = tuple[str, str | None]  # environment, service
PlaceLine = tuple[str, str | None, str | None]  # and place
WellAgain = Deployment | HistoryMoment  # its `version` began to run; None: what ran was well again, or rolled back to
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
    """`failed`: versions that did, and `rollbacks`: that people rolled back; `well`: what was well again; `reworks`:
    what follows a failure before."""

    arrived: list[Deployment]
    begun: Begun
    commits: CommitRows
    failed: list[FailedVersion]
    rollbacks: list[FailedVersion]
    well: list[HistoryMoment]
    reworks: set[Deployment]


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
    arrived: list[Deployment] = await _rows("arrived", wanted)
    begun = begun_of_filed(arrived)
    begins = position_at(wanted.begins)
    commits, reworks = await read_commits(begun, begins), await failed_before(arrived, begins)
    failed, rollbacks = await _rows("failed", wanted), await _rows("rollback", wanted)
    well = [*await _rows("recovered", wanted), *await _rows("rolled_back", wanted)]
    return FiguresRows(arrived, begun, commits, failed, rollbacks, well, reworks)


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
    deployments, failures, at = [it for it in rows.arrived if not it.again], _failures(rows), attrgetter("at")
    if reworks := rows.reworks | reworked(deployments, failures):
        positions = {it.position for it in reworks}  # quicker found than all of a deployment
        deployments = [
            it._replace(reworks=True) if it.position in positions and it in reworks else it for it in deployments
        ]
    commits = brought_commits(rows.begun, rows.commits)
    return Told(sorted(deployments, key=at), sorted(failures, key=at), sorted(commits, key=at))


def _failures(rows: FiguresRows) -> list[Failure]:
    """Of each version the first: that of Flux, or that people rolled it back."""
    flux = {change: _first_of_places(several) for change, several in _changes(rows.failed).items()}
    people = {
        change: [it for it in several if it.failed == several[0].failed]  # of one proposal
        for change, several in _changes(rows.rollbacks).items()
    }
    well = _well(rows, {change[:2] for change in (*flux, *people)})
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


def _failure(
    several: Sequence[FailedVersion], well: Mapping[PlaceLine, list[WellAgain]], people: bool
) -> Failure | None:
    """None: it is not the first of that version. What `people` roll back is well when another version runs."""
    it = several[0]
    if it.again or it.version is None or it.failed is None or it.failed_position is None:
        return None
    began = (it.began, it.began_position) if it.began is not None and it.began_position else None
    places = list[FailedPlace]()
    for each in several:
        if each.failed is not None and each.failed_position is not None:
            here = well.get((each.environment, each.service, each.place), [])
            if people:
                here = [found for found in here if found.version not in (None, it.version)]
            places.append(FailedPlace(each.failed, each.failed_position, _after(each.failed_position, here)))
    return Failure(it.environment, it.service, it.version, it.failed, it.failed_position, it.release, began, (*places,))


def _well(rows: FiguresRows, lines: Set[Line]) -> Mapping[PlaceLine, list[WellAgain]]:
    """When a service was well again in each place, and in any (None) of an environment, in the order of positions."""
    found = defaultdict[PlaceLine, list[WellAgain]](list)
    moments: list[WellAgain] = [*rows.arrived, *rows.well]
    for it in moments:
        if it[:2] in lines:
            found[*it[:2], it.place].append(it)
            found[*it[:2], None].append(it)
    for several in found.values():
        several.sort(key=attrgetter("position"))
    return found


def _after(position: str, well: Sequence[WellAgain]) -> tuple[int, str] | None:
    index = bisect_right(well, position, key=attrgetter("position"))
    return (well[index].at, well[index].position) if index < len(well) else None
