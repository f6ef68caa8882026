"""What differs between two environments, or between two times of one."""

from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

from msgspec import Struct
from semver import Version

from ..clients.ledger import Ledger
from ..releases.current import told
from ..report import Cell
from .groups import label, members
from .ledger import answers, items, never_reported, path
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


class Comparison(Struct, frozen=True, rename={"there": "with"}):
    """What two environments run; `there` is of the first one that the user named, or is in the group of that name."""

    items: list[ServiceDifference]
    here: Side
    there: Side


class Compared(NamedTuple):
    """`first` and `second` as the user named them; `answers` say what one of `second` lacks of one of `first`: of each
    pair."""

    first: str
    second: str
    times: tuple[str | None, str | None]
    answers: list[dict[str, Any]]

    @property
    def comparisons(self) -> list[Comparison]:
        return [told(it, Comparison) for it in self.answers]

    @property
    def differs(self) -> bool:
        return any(each.verdict != "same" for it in self.comparisons for each in it.items)

    def lines(self, now: datetime) -> list[Line]:
        services = dict[str, list[Pair]]()
        for one in self.comparisons:
            for it in one.items:
                services.setdefault(it.service, []).append(Pair(one.there.environment, one.here.environment, it))
        found = [services[name] for name in sorted(services)]
        rows = [self._row(it, now) for it in found if any(pair.it.verdict != "same" for pair in it)]
        sides = [side for one in self.comparisons for side in (one.there, one.here)]
        lines = list[Line]()
        for name in dict.fromkeys(it.environment for it in sides if it.silent_since):
            lines.append([Cell("silent", "yellow"), Cell(f"  {name}: what is said of it is last known")])
        if rows:
            names = [" ".join(filter(None, it)) for it in zip((self.first, self.second), self.times, strict=True)]
            head = [Cell(it.upper()) for it in ("service", *names, "behind", "waiting")]
            lines += columns([head, *rows], numbers=(3, 4))
        same = len(found) - len(rows)
        last = f"{same:,} {'runs' if same == 1 else 'run'} the same." if found else "Nothing runs in either."
        return [*lines, [Cell(f"{last}{_hint(found)}")]]

    def _row(self, several: list["Pair"], now: datetime) -> Line:
        """Of a service; of several pairs the one that is furthest behind, and what waits longest."""
        unknown = any(pair.it.verdict == "unknown" for pair in several)
        known = [pair.it.behind for pair in several if pair.it.behind is not None]
        waits = [pair.it.waiting_since for pair in several if pair.it.waiting_since]
        there = {pair.there: _versions(pair.it.there) for pair in several}
        here = {pair.here: _versions(pair.it.here) for pair in several}
        return [
            Cell(several[0].it.service, "yellow" if unknown else None),
            Cell(_labelled(self.first, there)),
            Cell(_labelled(self.second, here)),
            Cell("not known" if unknown else f"{max(known):,}" if known else ""),
            Cell(how_long(now - min(waits).astimezone(UTC)) if waits else ""),
        ]


class Pair(NamedTuple):
    """A service in two environments."""

    there: str
    here: str
    it: ServiceDifference


def compare(ledger: Ledger, first: str, second: str, at: str | None, with_at: str | None) -> Compared:
    """`at` is of `first`, `with_at` of `second`; None: now."""
    ours, theirs = members(ledger, [first]), members(ledger, [second])
    # Of two times of a group each environment is compared with itself.
    pairs = zip(ours, theirs, strict=True) if first == second else product(ours, theirs)
    found = [_pair(ledger, one, other, at, with_at) for one, other in pairs]
    return Compared(first, second, (at, with_at), found)


def _pair(ledger: Ledger, first: str, second: str, at: str | None, with_at: str | None) -> dict[str, Any]:
    query = {"with": first, "at": with_at, "with_at": at}
    answered = [*answers(ledger, "environments", second, "compare", **query)]
    if not answered:
        raise never_reported(ledger, first if ledger.get(path("environments", second)) else second)
    return {"items": [*items(answered)], "here": answered[0]["here"], "with": answered[0]["with"]}


def _labelled(group: str, versions: dict[str, str]) -> str:
    """By environment; one text where all run alike."""
    if len(set(versions.values())) == 1:
        return next(iter(versions.values()))
    return ", ".join(f"{text} {label(group, name)}" for name, text in versions.items())


def _hint(found: list[list[Pair]]) -> str:
    """How to see what the second one lacks of a service."""
    for several in found:
        it = max((pair.it for pair in several), key=lambda it: it.behind or 0)
        here, there = _versions(it.here), _versions(it.there)
        if it.behind and it.behind > 0 and Version.is_valid(here) and Version.is_valid(there):
            return f" Changes: waybill changes {it.service} {here}..{there}"
    return ""


def _versions(places: list[ComparedPlace]) -> str:
    versions = {it.version for it in places}
    if len(versions) == 1:
        return next(iter(versions)) or "not known"
    return ", ".join(f"{it.version or 'not known'} in {it.place}" for it in places) or "none"
