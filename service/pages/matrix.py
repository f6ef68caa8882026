"""The board's table: services by stages, what each runs, and how far it is behind the stage before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from ..ledger.environments.place import PlaceState
from ..ledger.proposals import AwaitedRelease
from .columns import Column
from .condition import PlaceCondition, condition

NEVER = datetime.min.replace(tzinfo=UTC)
TONES = ("ill", "warn", "unknown", "open", "")  # the strongest first
Behind = Mapping[tuple[str, str, str], int]


@dataclass
class VersionLine:
    """What some places of a stage run alike. `label`: which of them, where they differ. `distance`: how many releases
    it is behind the newest that runs anywhere; `behind`: behind the stage before; None: that cannot be told."""

    label: str
    state: PlaceState
    condition: PlaceCondition
    distance: int | None
    behind: int | None = None

    @property
    def version(self) -> str | None:
        release = self.state.release
        return release.version + (f"+{release.build}" if release.build else "") if release else None


@dataclass
class Wait:
    """A version that is proposed for environments of a stage. `label`: which of them, if not all."""

    version: str
    since: datetime
    environments: list[str]
    label: str = ""


@dataclass
class Cell:
    """`lines` empty: the service is not there."""

    column: Column
    lines: list[VersionLine] = field(default_factory=list)
    waits: list[AwaitedRelease] = field(default_factory=list)

    @property
    def tone(self) -> str:
        return min((it.condition.tone for it in self.lines), key=TONES.index, default="")

    @property
    def waiting(self) -> list[Wait]:
        """By version."""
        found, stage = list[Wait](), self.column.stage
        for it in self.waits:
            known = next((each for each in found if each.version == it.version), None)
            if known:
                known.environments.append(it.environment)
            else:
                found.append(Wait(it.version, it.since, [it.environment]))
        for each in found:
            if self.column.is_group and len(each.environments) < len(stage.environments):
                each.label = ", ".join(map(stage.label, each.environments))
        return found


@dataclass
class Row:
    """`files`: the service has filed releases."""

    service: str
    cells: list[Cell]
    files: bool

    @cached_property
    def lines(self) -> list[VersionLine]:
        return [line for cell in self.cells for line in cell.lines]

    @cached_property
    def failing(self) -> bool:
        return any(it.condition.tone == "ill" for it in self.lines)

    @cached_property
    def troubled(self) -> bool:
        return any(it.condition.is_trouble for it in self.lines)

    @cached_property
    def moving(self) -> bool:
        return any(it.waits for it in self.cells) or any(it.condition.tone == "open" for it in self.lines)

    @cached_property
    def behind(self) -> bool:
        return any(it.behind for it in self.lines)

    @cached_property
    def unfiled(self) -> bool:
        return self.files and any(it.state.release and not it.state.release.known for it in self.lines)

    @cached_property
    def alike(self) -> bool:
        """One version in every column, and nothing else to say."""
        if self.troubled or self.moving or any(len(it.lines) != 1 for it in self.cells):
            return False
        versions = {it.version for it in self.lines}
        return len(versions) == 1 and None not in versions and not any(it.state.attempt for it in self.lines)

    @property
    def order(self) -> tuple[int, float, str]:
        """Trouble, what rolls out, what waits, then the latest change first."""
        rank = 0 if self.failing else 1 if self.troubled else 2 if self.moving else 3
        newest = max((it.state.since.timestamp() for it in self.lines if it.state.since), default=0.0)
        return rank, -newest, self.service


def rows(columns: Sequence[Column], behind: Behind, awaited: Iterable[AwaitedRelease], filed: set[str]) -> list[Row]:
    found: defaultdict[str, list[Cell]] = defaultdict(lambda: [Cell(it) for it in columns])
    for number, column in enumerate(columns):
        places = defaultdict[str, list[tuple[str, PlaceState]]](list)
        for environment in column.states:
            for state in environment.services:
                places[state.service].append((environment.environment, state))
        for service, several in places.items():
            found[service][number].lines = lines(column, several, behind)
    of = {name: number for number, column in enumerate(columns) for name in column.stage.environments}
    for it in awaited:
        if it.environment in of:
            found[it.service][of[it.environment]].waits.append(it)
    for cells in found.values():
        compare([it] for it in cells)
    return sorted((Row(it, found[it], it in filed) for it in found), key=lambda row: row.order)


def lines(column: Column, places: Sequence[tuple[str, PlaceState]], behind: Behind) -> list[VersionLine]:
    """What a service runs in the places of a column, with the environment of each."""
    every = [
        VersionLine("", it, condition(it), behind.get((name, it.place, it.release.version)) if it.release else None)
        for name, it in places
    ]
    if len(every) == 1:
        return every
    several = len({it.place for _, it in places}) > 1
    merged = dict[object, VersionLine]()
    for (name, it), line in zip(places, every, strict=True):
        line.label = column.stage.label(name) if column.is_group else it.place
        if column.is_group and sum(each == name for each, _ in places) > 1 and several:
            line.label += f" {it.place}"
        alike = (line.version, line.condition, it.attempt and it.attempt.version)
        known = merged.setdefault(alike, line)
        if known is not line:
            known.label = f"{known.label}, {line.label}"
            if (it.since or NEVER) > (known.state.since or NEVER):
                known.state = it
    if len(merged) == 1:
        [only] = merged.values()
        only.label = ""
    return list(merged.values())


def compare(stages: Iterable[Sequence[Cell]]) -> None:
    """The cells of a service: those of a stage with the newest of the nearest stage before it that has the service."""
    before: int | None = None
    for cells in stages:
        known = [it.distance for cell in cells for it in cell.lines if it.distance is not None]
        for it in (line for cell in cells for line in cell.lines):
            if before is not None and it.distance is not None:
                it.behind = max(0, it.distance - before)
        before = min(known, default=before)
