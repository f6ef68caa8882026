"""An environment's past as lanes, one a place, with a bar for each arrival and a mark for each failure, to scale."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..ledger.arrivals.list import Arrival
from ..ledger.environments.place import PlaceState
from ..ledger.failures import Failure
from .axis import Axis

LEGIBLE, TIGHT = 5, 18  # percent of the width below which a bar has no room for its version: on a desk, on a phone


@dataclass(frozen=True)
class Bar:
    """`x` and `width` in percent. `shade` differs between neighbours; `cut`: it began before the axis does."""

    arrival: Arrival
    x: float
    width: float
    shade: int
    cut: bool

    @property
    def legible(self) -> bool:
        return self.width >= LEGIBLE

    @property
    def tight(self) -> bool:
        return self.width < TIGHT


@dataclass(frozen=True)
class Mark:
    failure: Failure
    x: float


@dataclass
class Lane:
    service: str
    place: str
    state: PlaceState | None = None
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def lanes(
    arrivals: Iterable[Arrival], states: Sequence[PlaceState], axis: Axis, failures: Iterable[Failure] = ()
) -> list[Lane]:
    """A lane for every place that stands or that ran something within the axis, by service; bars oldest first."""
    found = {it.place: Lane(it.service, it.place, it) for it in states}
    for it in sorted(arrivals, key=lambda it: it.from_):
        ended = it.until or it.last_known_at or axis.ends
        if ended < axis.begins or it.from_ > axis.ends:
            continue
        lane = found.setdefault(it.place, Lane(it.service, it.place))
        x = max(0.0, axis.at(it.from_))
        lane.bars.append(
            Bar(
                arrival=it,
                x=round(x, 3),
                width=round(min(100.0, axis.at(ended)) - x, 3),
                shade=_shade(lane.bars, it),
                cut=it.from_ < axis.begins,
            )
        )
    for failure in failures:
        if failure.place in found and failure.at <= axis.ends:
            found[failure.place].marks.append(Mark(failure, round(axis.at(failure.at), 3)))
    return sorted(found.values(), key=lambda lane: (lane.service, lane.place))


def _shade(before: Sequence[Bar], it: Arrival) -> int:
    """One version has one shade in a lane; another gets the one that its left neighbour has not."""
    same: Mapping[str, int] = {bar.arrival.release.version: bar.shade for bar in before}
    return same.get(it.release.version, (before[-1].shade + 1) % 3 if before else 0)
