"""The releases that contain a commit, and where they run."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .ledger import Page, States, answers, items, path, states
from .words import Line, columns, short, when

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
    states: States

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
        contains = it.contains
        if silent := self.states.silent.get(it.environment):
            contains = f"not known since {when(max(silent, it.since))}"
        elif not self.states.is_certain(it.environment, it.place):
            contains = f"not certain, parts of another than {it.version} may run"
        where = [
            Cell(it.environment),
            Cell(it.place),
            Cell(f"{it.service} {it.version}"),
            Cell(when(it.since, seconds=True)),
        ]
        return [*where, Cell(contains, None if contains == "yes" else "yellow")]


def of_commit(ledger: Ledger, commit: str) -> FoundCommit:
    """`commit`: its 40 hex digits."""
    answered = [*answers(ledger, "commits", commit)]
    if not answered:
        raise Refused(
            f"No filed release names the commit {short(commit)}.",
            "Give a commit that was released, or that is among the changes of a release.",
            fault="you",
        )
    places = [*_places(ledger, commit, answered[0])]
    return FoundCommit(commit, [*items(answered)], places, states(ledger, (it["environment"] for it in places)))


def _places(ledger: Ledger, commit: str, first: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of its answer, and of those that go on with the places."""
    found = told(first["places"], Page)
    yield from found.items
    while found.next is not None:
        more = ledger.get(path("commits", commit, limit="1", places=found.next))
        found = told(more["places"], Page) if more else Page([])
        yield from found.items
