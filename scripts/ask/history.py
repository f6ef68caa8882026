"""What occurred, newest first: arrivals, failures, rollbacks, drift, proposals and all else that the ledger tells."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .groups import members
from .ledger import never_reported, pages, path
from .words import Line, brief, columns, when

COLOURS = {"failed": "red", "drifted": "red", "mismatched": "red", "silent": "yellow", "contested": "yellow"}
SAID = {
    "rolled_back": "rolled back",
    "progressing": "rolling out",
    "recovered": "is healthy again",
    "unblocked": "is no longer blocked",
    "reconfigured": "was applied again with other values",
    "removed": "was uninstalled",
    "unmanaged": "its HelmRelease is gone; whether it still runs is not known",
    "suspended": "Flux was told to leave it as it is",
    "silent": "nothing was heard from then on",
    "heard": "was heard again",
    "forgotten": "was forgotten, as an operator asked",
    "contested": "several clusters report as this place",
    "mismatched": "is not what was released",
}


class Occurrence(Struct, frozen=True):
    """An item of `GET /history`."""

    when: datetime
    kind: str
    environment: str
    service: str | None = None
    version: str | None = None
    to: str | None = None
    cause: str | None = None
    message: str = ""
    proposal: str | None = None


class Occurrences(NamedTuple):
    items: list[dict[str, Any]]
    older: bool

    def lines(self, service: str | None) -> list[Line]:
        found = [told(it, Occurrence) for it in self.items]
        if not found:
            return [[Cell("Nothing occurred in that time that the ledger knows of.")]]
        rows = columns([_row(it, service) for it in found])
        return [*rows, *([[Cell(f"older: {_older(found)}")]] if self.older else [])]


def _older(shown: list[Occurrence]) -> str:
    """The options that go on: what else occurred in the last second is shown again, not lost."""
    first, last = shown[0].when, shown[-1].when
    if first.replace(microsecond=0) == last.replace(microsecond=0):
        return f"--limit {2 * len(shown)}"
    return f"--to {(last + timedelta(seconds=1)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def history(ledger: Ledger, most: int, environment: str | None, **wanted: str | None) -> Occurrences:
    """The newest `most` items, of all that is in `environment` if that is a group; `wanted` are further parameters of
    `GET /history`."""
    names = members(ledger, [environment]) if environment else [None]
    several = [pages(ledger, "history", environment=it, **wanted) for it in names]
    found = list(islice(merge(*several, key=lambda it: told(it, Occurrence).when, reverse=True), most + 1))
    if not found:
        _refuse_unknown(ledger, wanted.get("service"), names)
    return Occurrences(found[:most], len(found) > most)


def _refuse_unknown(ledger: Ledger, service: str | None, names: Iterable[str | None]) -> None:
    """Nothing has occurred where there is nothing of that name."""
    if service and ledger.get(path("services", service, limit="1")) is None:
        raise Refused(
            f"Nothing is known of a service {service}.",
            "Correct the name; `waybill status` shows what there is.",
            fault="you",
        )
    for name in names:
        if name and ledger.get(path("environments", name, "arrivals", limit="1")) is None:
            raise never_reported(ledger, name)


def _row(it: Occurrence, service: str | None) -> Line:
    said = SAID.get(it.kind, it.kind)
    if it.to:
        said += f", {it.to} runs again"
    if it.kind == "proposed" and it.cause:
        said += f" by {it.cause}"
    more = it.proposal or brief(it.message or (it.cause if it.kind in ("blocked", "failed") else "") or "")
    named = [] if service else [Cell(it.service or "")]
    text = f"{said}: {more}" if more else said
    return [
        Cell(when(it.when)),
        Cell(it.environment),
        *named,
        Cell(it.version or ""),
        Cell(text, COLOURS.get(it.kind), cut=not it.proposal),
    ]
