"""Where a place stands, and the entries that change it: the nouns of domain/timeline.py.

Times are in whole seconds since 1970.
"""

from collections.abc import Callable

import msgspec

from .event import Tries
from .level import Level

AHEAD = 60  # seconds that a sender's clock may be ahead of ours
LATE = 300  # seconds after its time from which on an event counts as late
NEAR = 60  # seconds by which two clocks may differ
MOST_VERSION = 10**16 - 1  # that takes part in a position


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One thing said about a place: an event of Flux, a level that an observer saw, or that the place was absent.

    `uid` and `resource_version` are the HelmRelease's: "" where they were not told. `effect` is what it does, `rank`
    its place in the sequence of one reconcile. `build` is the version's build metadata. `cluster`: where an observer
    looked; "": he did not say.
    """

    place: str
    uid: str
    resource_version: str
    at: int
    rank: int
    sha256: str
    effect: "Effect"
    cause: str
    basis: str = "event"
    version: str | None = None
    build: str | None = None
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None
    release: str | None = None
    image: str | None = None
    tests: int | None = None
    tries: Tries | None = None
    message: str = ""
    level: Level | None = None
    cluster: str = ""


class Running(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The revision that runs, with the names in the entry that began it."""

    version: str
    since: int
    basis: str
    build: str | None = None
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None


class FailedAttempt(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A revision that failed to run. `outcome`: failed | rolled back."""

    version: str
    outcome: str
    at: int
    message: str
    chart: str | None = None
    service: str | None = None


class Blocked(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why nothing new can be applied. `source`: the chart's source said so, not the HelmRelease."""

    reason: str
    since: int
    message: str
    source: bool = False


class Intended(msgspec.Struct, frozen=True, gc=False):
    """The image that the annotations of a successful action named, and the version that they were written for."""

    image: str
    release: str | None


class SeenImage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An image of a workload's container: as the pod asks for it, and as the kubelet says that it runs."""

    workload: str
    container: str
    asked: str
    running: str


class Images(msgspec.Struct, frozen=True, gc=False):
    """What the pods of a place had at `at`; `unknown`: why some, or all, could not be seen."""

    at: int
    seen: tuple[SeenImage, ...] = ()
    unknown: str | None = None


class State(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a place stands. `health`: healthy | progressing | failing | unknown, `health_since` when it began to be so,
    `health_cause` the reason of Flux behind it.

    `due`: if nothing is heard until then, the health is unknown. `uncertain`: since when another revision may run, in
    part or whole. `drifted`: when drift was last detected, and neither corrected nor seen to be gone. `unmanaged`: the
    HelmRelease was gone at that time, and what it had installed may still run, as `left` names it. `tested`: an
    observer saw that it has tests, with their time-out. `given_up`: Flux tries no more; `tries`: when it will not.
    """

    running: Running | None = None
    health: str = "unknown"
    health_since: int | None = None
    health_cause: str | None = None
    due: int | None = None
    uncertain: int | None = None
    attempt: FailedAttempt | None = None
    blocked: Blocked | None = None
    suspended: int | None = None
    drifted: int | None = None
    unmanaged: int | None = None
    left: Running | None = None
    reconfigured: int | None = None
    intended: Intended | None = None
    images: Images | None = None
    tested: int | None = None
    given_up: bool = False
    tries: Tries | None = None


Effect = Callable[[State, Entry], State]
NOTHING = State()


BEGINNING = 28  # characters of a position that tell time and resourceVersion
NO_ARRIVAL = "0" * 97  # sorts before every position


def position(at: int, resource_version: str, number: int, rank: int, sha256: str) -> str:
    """Sorts by time, then by resourceVersion; what is of one place then by the number of its arrival and by rank."""
    version = min(int(resource_version or 0), MOST_VERSION)
    return f"{position_at(at)}{version:016d}{number:05d}{rank}{sha256[1:]}"


def position_at(at: int) -> str:
    """Every position of that second, and of later ones, sorts after it; every earlier one before."""
    return f"{at:012d}"


def told_at(said: int, received: int) -> int:
    """Both in seconds since 1970. A time in the future counts as that of the receipt: the sender's clock is ahead."""
    return received if said > received + AHEAD else said


def second_of(position: str) -> int:
    """In which second it is."""
    return int(position[:12])
