"""How answers for people say times and durations, and the lines and columns that they are made of."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from ..report import Cell

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))  # seconds, name
GAP = "  "
# As helm-controller begins the messages of failures.
HELMS = re.compile(
    r"Helm (install|upgrade|test|rollback|uninstall) failed for release \S+ with chart \S+: |"
    r"Cluster state of release \S+ has drifted from the desired state:\s*"
)


Line = Sequence[Cell]


def when(at: datetime, now: datetime | None = None, *, seconds: bool = False) -> str:
    """`at` in UTC; within the day of `now` the clock alone. The year stands there unless it is that of `now`, else this
    one."""
    at = at.astimezone(UTC)
    clock = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    if now and at.date() == now.astimezone(UTC).date():
        return clock
    year = f" {at:%Y}" if at.year != (now or datetime.now(UTC)).year else ""
    return f"{at:%a} {at.day} {at:%b}{year} {clock}"


def how_long(span: timedelta) -> str:
    """In its largest unit."""
    whole = max(0, int(span.total_seconds()))
    return next((f"{whole // size} {name}" for size, name in UNITS if whole >= size), "0 s")


def how_exactly(span: timedelta) -> str:
    """In its two largest units, down to minutes."""
    whole = max(0, int(span.total_seconds()))
    rest = whole % next((size for size, _ in UNITS if whole >= size), 1)
    return how_long(span) + (f" {how_long(timedelta(seconds=rest))}" if rest >= 60 else "")


def brief(message: str) -> str:
    """What failed, without what Helm says each time: which release and which chart stand beside it."""
    return HELMS.sub("", " ".join(message.split()))


def short(digest: str) -> str:
    """The first 12 hex digits of a digest or commit, which are enough to find it by."""
    return digest.removeprefix("sha256:")[:12]


def columns(rows: Sequence[Line], numbers: Collection[int] = ()) -> list[Line]:
    """Each column as wide as its widest text; the last one is left as it is. Those of `numbers` stand at the right."""
    most = max(map(len, rows), default=0)
    widths = [
        max((len(row[at].text) for row in rows if at < len(row) - (at not in numbers)), default=0) for at in range(most)
    ]

    def put(at: int, cell: Cell, last: bool) -> Cell:
        text = f"{cell.text:>{widths[at]}}" if at in numbers else cell.text if last else f"{cell.text:<{widths[at]}}"
        return cell._replace(text=text if last else text + GAP)

    return [[put(at, cell, at == len(row) - 1) for at, cell in enumerate(row)] for row in rows]
