"""What needs somebody: silent environments first, then places, the newest first, each with its cause and its own
since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..ledger.environments.place import PlaceState
from ..ledger.history import Kind, history
from ..ledger.history_rows import HistoryFilter
from ..ledger.releases.brief import ReleaseBrief, brief
from .columns import Column
from .condition import PlaceCondition, condition
from .matrix import NEVER
from .sentences import cause

SHOWN = 12  # places; of more only how many there are
LOOKED = 20  # proposals of a service, newest first


@dataclass
class Trouble:
    """A place. `version`: what the trouble is with; `several`: the service has other places there."""

    environment: str
    state: PlaceState
    condition: PlaceCondition
    since: datetime | None
    several: bool
    version: str | None
    cause: str = ""
    proposal: str | None = None
    release: ReleaseBrief | None = None


def troubles(columns: Iterable[Column]) -> list[Trouble]:
    found = list[Trouble]()
    for environment in (state for column in columns for state in column.states):
        places = [it.service for it in environment.services]
        for it in environment.services:
            told = condition(it)
            if told.is_trouble or (told.word == "last known" and not environment.silent_since):
                several = places.count(it.service) > 1
                found.append(Trouble(environment.environment, it, told, _since(it), several, _version(it)))
    return sorted(found, key=lambda it: it.since or NEVER, reverse=True)


async def explain(several: Sequence[Trouble], silent_after: int) -> None:
    """Adds what is behind each, and what brought it."""
    for it in several:
        state = it.state
        message = _message(state) or await _told(it, silent_after)
        it.cause = cause(message)
        if it.version:
            it.release = await brief(state.service, it.version)
            found = await history(HistoryFilter(state.service, it.environment, "proposed"), None, LOOKED)
            it.proposal = next((each.proposal for each in found.items if each.version == it.version), None)


def _version(it: PlaceState) -> str | None:
    if it.health == "failing" and it.attempt:
        return it.attempt.version
    return it.release.version if it.release else it.unmanaged.version if it.unmanaged else None


def _since(it: PlaceState) -> datetime | None:
    if it.health == "failing":
        return it.health_since or (it.attempt.at if it.attempt else None)
    if it.mismatches:
        return it.images_seen_at or it.since
    if it.blocked:
        return it.blocked.since
    return it.unmanaged.since if it.unmanaged else it.health_since


def _message(it: PlaceState) -> str:
    if it.health == "failing" and it.attempt:
        return it.attempt.message
    return it.blocked.message if it.blocked else ""


async def _told(it: Trouble, silent_after: int) -> str:
    """What was said when it began to fail."""
    if it.state.health != "failing":
        return ""
    kind: Kind = "drifted" if it.condition.word == "drifted" else "failed"
    found = await history(HistoryFilter(it.state.service, it.environment, kind), None, 1, silent_after)
    return found.items[0].message if found.items else ""
