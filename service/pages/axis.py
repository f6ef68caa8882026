"""A span of time drawn to scale: where a moment lies on it, in percent, and which moments get a mark."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOWS = {
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
STEPS = [timedelta(hours=hours) for hours in (1, 3, 6, 24, 72, 168, 336, 720, 1440)]
MOST_MARKS = 9
WEEK_BEGINS = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday at midnight, so that all steps up to a week fall on days


STEPS_OF_AN_END = 1000  # a page that is open would else differ each time


def end_of(window: str, now: datetime) -> datetime:
    """Of an axis that ends now: a thousandth of its length later at most."""
    step = WINDOWS[window] / STEPS_OF_AN_END
    return WEEK_BEGINS + ((now - WEEK_BEGINS) // step + 1) * step


@dataclass(frozen=True)
class Axis:
    begins: datetime
    ends: datetime

    def at(self, moment: datetime) -> float:
        """Percent of the way; less than 0 or more than 100 outside."""
        return 100 * ((moment - self.begins) / (self.ends - self.begins))

    def marks(self) -> Iterator[tuple[float, str]]:
        """Round moments, evenly: percent and label."""
        length = self.ends - self.begins
        step = next((it for it in STEPS if length / it <= MOST_MARKS), STEPS[-1])
        moment = WEEK_BEGINS + ((self.begins - WEEK_BEGINS) // step + 1) * step
        while moment < self.ends:
            yield self.at(moment), _label(moment, step)
            moment += step


def _label(moment: datetime, step: timedelta) -> str:
    if step < timedelta(days=1) and moment.hour:
        return f"{moment:%H:%M}"
    return f"{moment:%a} {moment.day} {moment:%b}"
