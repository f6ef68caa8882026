"""The board's table: services by environments, and where environments differ."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import semver

from ..ledger.environments.place import PlaceState
from ..ledger.environments.state import EnvironmentState
from .timeline import Bar, Lane


@dataclass
class Cell:
    """A place. `newer`: the highest version of the service that another place runs, if that is higher; `bars`: its
    past."""

    state: PlaceState
    bars: Sequence[Bar] = ()
    newer: str | None = None


@dataclass
class Row:
    """`cells` has an entry for each environment: the service's places there."""

    service: str
    cells: list[list[Cell]] = field(default_factory=list)

    @property
    def failing(self) -> bool:
        return any(it.state.health == "failing" for cell in self.cells for it in cell)

    @property
    def healthy(self) -> bool:
        return all(it.state.health == "healthy" for cell in self.cells for it in cell)


def rows(environments: Sequence[EnvironmentState], lanes: Mapping[str, Sequence[Lane]]) -> list[Row]:
    """A row for each service, by name; `lanes` are those of each environment."""
    found: defaultdict[str, list[list[Cell]]] = defaultdict(lambda: [[] for _ in environments])
    for column, environment in enumerate(environments):
        bars = {lane.place: lane.bars for lane in lanes.get(environment.environment, ())}
        for state in environment.services:
            found[state.service][column].append(Cell(state, bars.get(state.place, ())))
    for cells in found.values():
        _compare([it for cell in cells for it in cell])
    return [Row(service, found[service]) for service in sorted(found)]


def _compare(cells: list[Cell]) -> None:
    versions = {it.state.release.version for it in cells if it.state.release}
    highest = max(versions, key=order, default=None)
    for it in cells:
        if it.state.release and highest and order(it.state.release.version) < order(highest):
            it.newer = highest


def order(version: str) -> tuple[semver.Version, str]:
    """The order of SemVer; what is not SemVer comes first."""
    try:
        return semver.Version.parse(version), version
    except ValueError:
        return semver.Version(0, 0, 0, "0"), version
