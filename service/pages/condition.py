"""How a place stands in a word, and how that is marked: colour is for trouble, and unknown looks unknown."""

from typing import NamedTuple

from ..ledger.environments.place import PlaceState

TROUBLE = ("ill", "warn", "unknown")


class PlaceCondition(NamedTuple):
    """`tone`: ill, failing alone; warn; unknown; open, something is under way; "" is quiet."""

    word: str
    tone: str

    @property
    def is_trouble(self) -> bool:
        return self.tone in TROUBLE and self.word != "last known"


def condition(it: PlaceState) -> PlaceCondition:
    if it.health_cause == "silent":
        return PlaceCondition("last known", "unknown")
    if it.contested:
        return PlaceCondition("contested", "unknown")
    if it.health == "failing":
        return PlaceCondition("drifted" if it.health_cause == "DriftDetected" else "failing", "ill")
    if it.mismatches:
        return PlaceCondition("mismatched", "warn")
    if it.blocked:
        return PlaceCondition("blocked", "warn")
    if it.unmanaged:
        return PlaceCondition("unmanaged", "unknown")
    if it.health == "progressing":
        return PlaceCondition("rolling out", "open")
    if it.health != "healthy":
        return PlaceCondition("unknown", "unknown")
    return PlaceCondition("suspended" if it.suspended_since else "healthy", "")
