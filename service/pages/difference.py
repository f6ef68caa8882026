"""What differs between two sides, each an environment or the environments of a group, by service."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from ..domain.stages import Stage
from ..ledger.environments.compare import ComparedPlace, ServiceDifference


class Pair(NamedTuple):
    """A service in an environment of the first side, and in one of the second, which is `here` of `it`."""

    first: str
    second: str
    it: ServiceDifference

    @property
    def kind(self) -> str:
        it = self.it
        if it.verdict == "same":
            return "same"
        if not _runs(it.here) or not _runs(it.there):
            return "only_first" if _runs(it.there) else "only_second"
        if it.verdict == "unknown" or not it.behind:
            return "unordered"
        return "ahead" if it.behind > 0 else "behind"


@dataclass
class Difference:
    """`releases`: by how many the first side is ahead of the second; of several pairs the most, and what waits longest.
    `commits` None: not all of them were told; `compared`: the forge's page of them; `shown`: on this page."""

    pairs: Sequence[Pair]
    commits: int | None = None
    compared: str | None = None
    shown: bool = False

    @property
    def service(self) -> str:
        return self.pairs[0].it.service

    @property
    def kind(self) -> str:
        """`ahead` where the first side is so of one environment, and behind none."""
        kinds = {it.kind for it in self.pairs}
        for kind in ("ahead", "behind"):
            if kind in kinds and kinds <= {kind, "same", "only_first" if kind == "ahead" else "only_second"}:
                return kind
        return kinds.pop() if len(kinds) == 1 else "unordered"

    @cached_property
    def furthest(self) -> ServiceDifference:
        return max((pair.it for pair in self.pairs), key=lambda it: abs(it.behind or 0))

    @property
    def releases(self) -> int | None:
        return self.furthest.behind

    @cached_property
    def waiting_since(self) -> datetime | None:
        return min((it.waiting_since for _, _, it in self.pairs if it.waiting_since), default=None)

    @property
    def since(self) -> datetime | None:
        """Of what runs on the first side."""
        return max((place.since for _, _, it in self.pairs for place in it.there if place.since), default=None)

    @property
    def health(self) -> list[str]:
        return sorted({place.health for _, _, it in self.pairs for place in it.there})

    def first_runs(self, side: Stage) -> list[tuple[list[str], str]]:
        return _labelled(side, {it.first: it.it.there for it in self.pairs})

    def second_runs(self, side: Stage) -> list[tuple[list[str], str]]:
        return _labelled(side, {it.second: it.it.here for it in self.pairs})


@dataclass
class Sections:
    """The differences, by what is to be said of them."""

    ahead: list[Difference] = field(default_factory=list)
    behind: list[Difference] = field(default_factory=list)
    only_first: list[Difference] = field(default_factory=list)
    only_second: list[Difference] = field(default_factory=list)
    unordered: list[Difference] = field(default_factory=list)
    same: int = 0

    @property
    def all(self) -> list[Difference]:
        """As the page has them."""
        return self.ahead + self.behind + self.only_first + self.only_second + self.unordered

    def add(self, it: Difference) -> None:
        if it.kind == "same":
            self.same += 1
        else:
            getattr(self, it.kind).append(it)


def _runs(places: Iterable[ComparedPlace]) -> bool:
    return any(it.version for it in places)


def _labelled(side: Stage, by_environment: dict[str, list[ComparedPlace]]) -> list[tuple[list[str], str]]:
    """Versions, each with the environments that they run in: "" where all run alike."""
    found = dict[tuple[str, ...], list[str]]()
    for name, places in by_environment.items():
        versions = dict.fromkeys(it.version + (f"+{it.build}" if it.build else "") for it in places if it.version)
        found.setdefault(tuple(versions), []).append(side.label(name))
    return [([*it], ", ".join(names) if len(found) > 1 else "") for it, names in found.items()]
