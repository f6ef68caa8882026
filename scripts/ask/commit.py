"""The releases that contain a commit, and where they run."""

from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from .ledger import EnvironmentAnswer, Page, environments, pages, path
from .words import Cell, Line, columns, short, when

HEAD = tuple(map(Cell, ("ENVIRONMENT", "PLACE", "RELEASE", "FROM", "CONTAINS IT")))
AS = {"source": "was built from it", "release": "has it as its release commit", "changes": "has it among its changes"}


class ContainingRelease(Struct, frozen=True):
    """An item of `GET /commits/{commit}`."""

    service: str
    version: str
    named_in: str


class CommitPlace(Struct, frozen=True):
    """Where a service of these releases runs; `contains`: yes, or unknown."""

    environment: str
    place: str
    service: str
    version: str
    since: datetime
    contains: str


class FoundCommit(NamedTuple):
    commit: str
    releases: list[dict[str, Any]]
    places: list[dict[str, Any]]
    silent: dict[str, datetime]

    @property
    def runs(self) -> bool:
        return any(it["contains"] == "yes" for it in self.places)

    @property
    def lines(self) -> list[Line]:
        found = [told(it, ContainingRelease) for it in self.releases]
        lines: list[Line] = [[Cell(f"commit {self.commit}")]]
        lines += [[Cell(f"{it.service} {it.version} {AS.get(it.named_in, it.named_in)}")] for it in found]
        rows = [self._row(told(it, CommitPlace)) for it in self.places]
        return lines + (columns([HEAD, *rows]) if rows else [[Cell("None of them runs anywhere.")]])

    def _row(self, it: CommitPlace) -> Line:
        silent = self.silent.get(it.environment)
        contains = f"not known since {when(silent)}" if silent else it.contains
        where = [
            Cell(it.environment),
            Cell(it.place),
            Cell(f"{it.service} {it.version}"),
            Cell(when(it.since, seconds=True)),
        ]
        return [*where, Cell(contains, None if contains == "yes" else "yellow")]


def of_commit(ledger: Ledger, commit: str) -> FoundCommit:
    """`commit`: its 40 hex digits."""
    first = ledger.get(path("commits", commit, limit="1"))
    if first is None:
        raise Refused(
            f"No filed release names the commit {short(commit)}.",
            "Give a commit that was released, or that is among the changes of a release.",
            fault="you",
        )
    places, answer = list[dict[str, Any]](), first
    while True:
        page = told(answer["places"], Page)
        places += page.items
        if page.next is None:
            break
        answer = ledger.get(path("commits", commit, limit="1", places=page.next)) or first
    running = [*dict.fromkeys(it["environment"] for it in places)]
    states = [told(it, EnvironmentAnswer) for it in environments(ledger, running, None)] if running else []
    silent = {it.environment: it.silent_since for it in states if it.silent_since}
    return FoundCommit(commit, [*pages(ledger, "commits", commit)], places, silent)
