"""What occurred, newest first: arrivals, failures, rollbacks, drift, proposals and all else that the ledger tells."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger
from ..releases.current import told
from ..report import Cell
from .ledger import pages
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


def history(ledger: Ledger, most: int, **wanted: str | None) -> Occurrences:
    """The newest `most` items; `wanted` are the parameters of `GET /history`."""
    found = list(islice(pages(ledger, "history", **wanted), most + 1))
    return Occurrences(found[:most], len(found) > most)


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
