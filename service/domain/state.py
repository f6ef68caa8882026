"""Where a place stands, and the entries that change it: the nouns of domain/timeline.py."""

from collections.abc import Callable

import msgspec

AHEAD = 60  # seconds that a sender's clock may be ahead of ours
LATE = 300  # seconds after its time from which on an event counts as late


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One thing said about a place. `position` sorts it; `at` is in seconds since 1970; `effect` is what it does.

    `seen_at`: None for an event; for what an observer saw, when it was first received.
    """

    place: str
    position: str
    at: int
    effect: "Effect"
    cause: str
    version: str | None
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None
    message: str = ""
    basis: str = "observed"
    seen_at: int | None = None


class Running(msgspec.Struct, frozen=True, gc=False):
    """The revision that runs, with the names in the entry that began it. `since` is in seconds since 1970. `seen`: an
    observer saw it, and no event has reported it yet."""

    version: str
    since: int
    basis: str
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None
    seen: bool = False


class FailedAttempt(msgspec.Struct, frozen=True, gc=False):
    """A revision that failed to run. `outcome`: failed | rolled back."""

    version: str
    outcome: str
    at: int
    message: str
    chart: str | None = None
    service: str | None = None


class State(msgspec.Struct, frozen=True, gc=False):
    """Where a place stands. `health`: healthy | failing | unknown."""

    running: Running | None = None
    health: str = "unknown"
    attempt: FailedAttempt | None = None


Effect = Callable[[State, Entry], State]
NOTHING = State()


def position_at(at: int) -> str:
    """Every position of that second, and of later ones, sorts after it; every earlier one before."""
    return f"{at:012d}"


def position(at: int, resource_version: int, rank: int, sha256: str) -> str:
    """Sorts entries by time in whole seconds, resourceVersion, rank and SHA-256 of the body."""
    return f"{position_at(at)}{resource_version:020d}{rank}{sha256}"
