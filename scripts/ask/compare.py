"""What differs between two environments, or between two times of one."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import Struct
from semver import Version

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .ledger import answers, items
from .words import Line, columns, how_long


class ComparedPlace(Struct, frozen=True):
    place: str
    version: str | None = None


class ServiceDifference(Struct, frozen=True):
    """An item of `GET /environments/{environment}/compare`; `here` is that environment."""

    service: str
    verdict: str
    here: list[ComparedPlace]
    there: list[ComparedPlace]
    behind: int | None = None
    waiting_since: datetime | None = None


class Side(Struct, frozen=True):
    environment: str
    at: datetime
    silent_since: datetime | None = None


class Sides(Struct, frozen=True, rename={"there": "with"}):
    here: Side
    there: Side


class Compared(NamedTuple):
    """`first` and `second` as the user named them; the differences say what `second` lacks of `first`."""

    first: str
    second: str
    items: list[dict[str, Any]]
    sides: dict[str, Any]

    @property
    def differs(self) -> bool:
        return any(it["verdict"] != "same" for it in self.items)

    def lines(self, now: datetime) -> list[Line]:
        found = [told(it, ServiceDifference) for it in self.items]
        rows = [_row(it, now) for it in found if it.verdict != "same"]
        sides = told(self.sides, Sides)
        silent = [it for it in (sides.there, sides.here) if it.silent_since]
        lines = list[Line]()
        for it in silent:
            lines.append([Cell("silent", "yellow"), Cell(f"  {it.environment}: what is said of it is last known")])
        if rows:
            head = [Cell(it.upper()) for it in ("service", self.first, self.second, "behind", "waiting")]
            lines += columns([head, *rows])
        same = len(found) - len(rows)
        last = f"{same:,} {'runs' if same == 1 else 'run'} the same." if found else "Nothing runs in either."
        return [*lines, [Cell(f"{last}{_hint(found)}")]]


def compare(ledger: Ledger, first: str, second: str, at: str | None, with_at: str | None) -> Compared:
    """`at` is of `first`, `with_at` of `second`; None: now."""
    query = {"with": first, "at": with_at, "with_at": at}
    answered = [*answers(ledger, "environments", second, "compare", **query)]
    if not answered:
        raise Refused(
            f"Nothing of an environment {first} or {second} ever reached the ledger.",
            "Correct the names; `waybill status` shows what has reported.",
            fault="you",
        )
    sides = {name: answered[0][name] for name in ("here", "with")}
    return Compared(f"{first} {at or ''}".strip(), f"{second} {with_at or ''}".strip(), [*items(answered)], sides)


def _row(it: ServiceDifference, now: datetime) -> Line:
    behind = f"{it.behind:,}" if it.behind is not None else "not known" if it.verdict == "unknown" else ""
    waits = how_long(now - it.waiting_since.astimezone(UTC)) if it.waiting_since else ""
    colour = "yellow" if it.verdict == "unknown" else None
    return [Cell(it.service, colour), Cell(_versions(it.there)), Cell(_versions(it.here)), Cell(behind), Cell(waits)]


def _hint(found: list[ServiceDifference]) -> str:
    """How to see what the second one lacks of a service."""
    for it in found:
        here, there = _versions(it.here), _versions(it.there)
        if it.behind and Version.is_valid(here) and Version.is_valid(there):
            return f" Changes: waybill changes {it.service} {here}..{there}"
    return ""


def _versions(places: list[ComparedPlace]) -> str:
    versions = {it.version for it in places}
    if len(versions) == 1:
        return next(iter(versions)) or "not known"
    return ", ".join(f"{it.version or 'not known'} in {it.place}" for it in places) or "none"
