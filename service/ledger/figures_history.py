"""What delivery figures count, read from arrivals, the history and filed releases, within bounds; and answers that are
made of it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from ..database.piccolo_conf import current
from ..domain.figures import Deployment, Failure, Told
from ..domain.state import position_at
from ..errors import Refused
from .figures_commits import Begun, CommitRows, begun_of_filed, brought_commits, read_commits
from .figures_rows import MOST, PIECE, FailedVersion, FiguresWindow, HistoryMoment, TooManyRows, pieces

Line = tuple[str, str | None]  # environment, service
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
    """`failed`: versions that did, and `rollbacks`: that people rolled back; `well`: what was well again."""

    arrived: list[Deployment]
    begun: Begun
    commits: CommitRows
    failed: list[FailedVersion]
    rollbacks: list[FailedVersion]
    well: list[HistoryMoment]


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
    commits = await read_commits(begun, position_at(wanted.begins))
    failed, rollbacks = await _rows("failed", wanted), await _rows("rollback", wanted)
    well = [*await _rows("recovered", wanted), *await _rows("rolled_back", wanted)]
    return FiguresRows(arrived, begun, commits, failed, rollbacks, well)


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
    deployments, at = [it for it in rows.arrived if not it.again], attrgetter("at")
    commits = brought_commits(rows.begun, rows.commits)
    return Told(sorted(deployments, key=at), sorted(_failures(rows), key=at), sorted(commits, key=at))


def _failures(rows: FiguresRows) -> list[Failure]:
    """Of each version the first: that of Flux, or that people rolled it back."""
    failures = [it for it in map(_failure, rows.failed) if it]
    backs = [it for it in map(_failure, rows.rollbacks) if it]
    if not failures and not backs:
        return []
    well = _well(rows, {it[:2] for it in (*failures, *backs)})
    found = {it[:3]: it._replace(mended=_after(it, well[it[:2]])) for it in failures}
    for it in backs:
        others = [each for each in well[it[:2]] if each.version not in (None, it.version)]
        found[it[:3]] = it._replace(mended=_after(it, others))
    return [*found.values()]


def _failure(it: FailedVersion) -> Failure | None:
    """None: it is not the first, or it is none."""
    if it.version is None or it.failed is None or it.failed_position is None or it.again:
        return None
    began = (it.began, it.began_position) if it.began is not None and it.began_position else None
    return Failure(it.environment, it.service, it.version, it.failed, it.failed_position, it.release, began)


def _well(rows: FiguresRows, lines: Set[Line]) -> defaultdict[Line, list[WellAgain]]:
    """When a service was well again in an environment, in the order of positions."""
    found = defaultdict[Line, list[WellAgain]](list)
    moments: list[WellAgain] = [*rows.arrived, *rows.well]
    for it in moments:
        if it[:2] in lines:
            found[it[:2]].append(it)
    for several in found.values():
        several.sort(key=attrgetter("position"))
    return found


def _after(it: Failure, well: Sequence[WellAgain]) -> tuple[int, str] | None:
    index = bisect_right(well, it.position, key=attrgetter("position"))
    return (well[index].at, well[index].position) if index < len(well) else None
