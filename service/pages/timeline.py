"""The past as lanes, one a place, with a bar for each arrival and a mark for each failure, to scale."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..ledger.arrivals.list import Arrival
from ..ledger.history import HistoryItem
from .axis import Axis

LETTER, ROOM = 0.85, 1.8  # percent of a desk's width that a letter of a label takes, and what is beside it
MOST_BARS = 150  # of a page: beyond that, narrow neighbours are one
Place = tuple[str, str]  # environment, place


@dataclass(frozen=True)
class Bar:
    """`x` and `width` in percent. `shade`: 0, 1 or 2, the same for a version in every lane; `cut`: it began before the
    axis does; `number`: of the arrivals that it stands for, of which `arrival` is the last."""

    arrival: Arrival
    x: float
    width: float
    shade: int
    cut: bool
    number: int = 1

    @property
    def label(self) -> str:
        """Only where it fits whole."""
        text = self.arrival.release.version if self.number == 1 else f"{self.number} arrivals"
        return text if len(text) * LETTER + ROOM < self.width else ""


@dataclass(frozen=True)
class Mark:
    item: HistoryItem
    x: float


@dataclass
class Lane:
    """`unsure`: percent of the way, from where on it is not known what runs."""

    label: str
    environment: str
    place: str
    unsure: float | None = None
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def lanes(
    arrivals: Iterable[Arrival],
    labels: Mapping[Place, str],
    axis: Axis,
    failures: Iterable[HistoryItem] = (),
    most: int = MOST_BARS,
) -> list[Lane]:
    """A lane for each of `labels`, in their order, then for every other place that ran something within the axis; with
    at most so many bars, as far as that can be."""
    found = {place: Lane(label, *place) for place, label in labels.items()}
    shades = dict[str, int]()
    for it in sorted(arrivals, key=lambda it: it.from_):
        ended = it.until or it.last_known_at or axis.ends
        if (it.until and ended < axis.begins) or it.from_ > axis.ends:
            continue
        shade = shades.setdefault(f"{it.service} {it.release.version}", len(shades)) % 3
        lane = found.setdefault((it.environment, it.place), Lane(it.environment, it.environment, it.place))
        if it.last_known_at:
            lane.unsure = max(0.0, axis.at(it.last_known_at))
        x = max(0.0, axis.at(it.from_))
        width = max(0.0, min(100.0, axis.at(ended)) - x)
        lane.bars.append(Bar(it, round(x, 2), round(width, 2), shade, it.from_ < axis.begins))
    for item in failures:
        failed = found.get((item.environment, item.place or ""))
        if failed and axis.begins <= item.when <= axis.ends:
            failed.marks.append(Mark(item, round(axis.at(item.when), 2)))
    _join(list(found.values()), most)
    return list(found.values())


def _join(several: Sequence[Lane], most: int) -> None:
    """Until there are few enough, ever wider neighbours become one bar."""
    narrow = 0.5
    while sum(len(it.bars) for it in several) > most and narrow < 50:
        for lane in several:
            lane.bars = _joined(lane.bars, narrow)
        narrow *= 2


def _joined(bars: Sequence[Bar], narrow: float) -> list[Bar]:
    found = list[Bar]()
    for it in bars:
        before = found[-1] if found else None
        touches = before is not None and it.x - before.x - before.width < narrow / 4
        if before and touches and before.width < narrow and it.width < narrow and it.arrival.until:
            width = round(it.x + it.width - before.x, 2)
            found[-1] = Bar(it.arrival, before.x, width, before.shade, before.cut, before.number + it.number)
        else:
            found.append(it)
    return found
