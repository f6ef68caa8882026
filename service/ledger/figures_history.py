"""What delivery figures count, read from arrivals, the history and filed releases, within bounds."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from operator import attrgetter
from typing import Any, NamedTuple

from ..domain.figures import BroughtCommits, Deployment, Failure, Told
from ..domain.state import position_at
from ..errors import Refused
from .figures_commits import brought_commits
from .figures_rows import PIECE, FailedVersion, FiguresWindow, pieces

MOST = 40_000  # rows of one kind that are read for one answer
Line = tuple[str, str]  # environment, service


class WellAgain(NamedTuple):
    """`version` began to run; None: what ran was well again, or was rolled back to."""

    at: int
    position: str
    version: str | None


class FiguresFilter(NamedTuple):
    """`environments` None: of all. `begins` and `ends` in seconds since 1970."""

    service: str | None
    environments: tuple[str, ...] | None
    begins: int
    ends: int

    def windows(self) -> Iterator[FiguresWindow]:
        for name in self.environments or (None,):
            yield FiguresWindow(self.service, name, position_at(self.begins), "", position_at(self.ends), PIECE)


async def told(wanted: FiguresFilter) -> Told:
    """Raises Refused."""
    arrived: list[Deployment] = await _rows("arrived", wanted)
    deployments = [it for it in arrived if not it.again]
    commits = await _commits(deployments, position_at(wanted.begins))
    failures = await _failures(arrived, wanted)
    at = attrgetter("at")
    return Told(sorted(deployments, key=at), sorted(failures, key=at), sorted(commits, key=at))


async def _rows(what: str, wanted: FiguresFilter) -> list[Any]:
    found = list[Any]()
    for window in wanted.windows():
        async for rows in pieces(what, window):
            found += rows
            if len(found) > MOST:
                raise Refused(
                    f"More than {MOST:,} arrivals or failures are in the period and the one before it.",
                    "Ask for a shorter one, for one service, or for one environment.",
                )
    return found


async def _commits(deployments: Sequence[Deployment], begins: str) -> list[BroughtCommits]:
    begun = defaultdict[str, defaultdict[str, list[Deployment]]](lambda: defaultdict(list))
    for it in deployments:
        if it.release is not None:
            begun[it.service][it.environment].append(it)
    return [it for service, by in begun.items() for it in await brought_commits(service, by, begins)]


async def _failures(arrived: Sequence[Deployment], wanted: FiguresFilter) -> list[Failure]:
    """Of each version the first: that of Flux, or that people rolled it back."""
    broken, rolled_back = await _rows("failed", wanted), await _rows("rollback", wanted)
    failures = [it for it in map(_failure, broken) if it]
    backs = [it for it in map(_failure, rolled_back) if it]
    if not failures and not backs:
        return []
    well = await _well(arrived, {it[:2] for it in (*failures, *backs)}, wanted)
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


async def _well(
    arrived: Sequence[Deployment], lines: Set[Line], wanted: FiguresFilter
) -> defaultdict[Line, list[WellAgain]]:
    """When a service was well again in an environment, in the order of positions."""
    found = defaultdict[Line, list[WellAgain]](list)
    for it in arrived:
        if it[:2] in lines:
            found[it[:2]].append(WellAgain(it.at, it.position, it.version))
    for told in (*await _rows("recovered", wanted), *await _rows("rolled_back", wanted)):
        if told[:2] in lines:
            found[told[:2]].append(WellAgain(told.at, told.position, None))
    for several in found.values():
        several.sort(key=attrgetter("position"))
    return found


def _after(it: Failure, well: Sequence[WellAgain]) -> tuple[int, str] | None:
    index = bisect_right(well, it.position, key=attrgetter("position"))
    return well[index][:2] if index < len(well) else None
