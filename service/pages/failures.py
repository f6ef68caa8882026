"""The failures that a timeline marks."""

from datetime import datetime
from typing import NamedTuple

from ..ledger.history import HistoryItem, Kind, history
from ..ledger.history_rows import HistoryFilter
from .axis import Axis

KINDS: tuple[Kind, ...] = ("failed", "drifted", "rolled_back")


class Failures(NamedTuple):
    """Newest first. `since`: there were too many, and older ones are missing."""

    items: list[HistoryItem]
    since: datetime | None


async def failures(service: str | None, environment: str | None, axis: Axis, most: int) -> Failures:
    """The newest within the axis."""
    found, cuts = list[HistoryItem](), list[datetime]()
    for kind in KINDS:
        page = await history(HistoryFilter(service, environment, kind, axis.begins, axis.ends), None, most)
        found += page.items
        cuts += [page.items[-1].when] if page.next else []
    found.sort(key=lambda it: it.when, reverse=True)
    cuts += [found[most - 1].when] if len(found) > most else []
    return Failures([it for it in found[:most] if not cuts or it.when >= max(cuts)], max(cuts, default=None))
