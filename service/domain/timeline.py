"""What ran at a place, from when to when: a pure function of the set of things said about the place.

Entries are sorted by time in whole seconds, resourceVersion, rank of the reason, sha256 of the body, so the
order in which they arrive cannot matter. Then they are folded: what each does to the `State` is the function
of its effect's name. From a `Turn` on something else runs than before; an arrival lies between two turns.

A fold can be continued from any State, so a place's past is not read again when something new is said of it.
What an observer saw fits in as entries too: `seen` with the basis late, `removed` with the basis inferred.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice, pairwise

import msgspec

from .event import EPOCH, SECOND, parse

AHEAD = 60  # seconds that a sender's clock may be ahead of ours
NEAR = 60  # seconds by which two clocks that tell the same may differ
LATE = 300  # seconds after which what is said was not observed in time
BASES = ("inferred", "late", "observed")  # weakest first


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One thing said about a place. `position` sorts it; `at` is in seconds since 1970.

    `ahead`: the sender's clock was, so `at` is the time of receipt. `seen_at`: an observer saw it then, for the first
    time.
    """

    place: str
    position: str
    at: int
    effect: str
    cause: str
    version: str | None
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None
    message: str = ""
    basis: str = "observed"
    ahead: bool = False
    seen_at: int | None = None


class Running(msgspec.Struct, frozen=True, gc=False):
    """The revision that runs, since when, and what the entry that began it called it. `seen`: an observer's did."""

    version: str
    since: int
    basis: str
    oci_digest: str | None = None
    chart: str | None = None
    service: str | None = None
    seen: bool = False


class Attempt(msgspec.Struct, frozen=True, gc=False):
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
    attempt: Attempt | None = None


class Turn(msgspec.Struct, frozen=True, gc=False):
    """The moment from which something else runs, or nothing; `state` is the one right after it."""

    position: str
    at: int
    cause: str
    basis: str
    state: State


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A revision ran in [running.since, until), None: it still does. `basis` is that of the weaker end."""

    began: Turn
    running: Running
    until: int | None
    basis: str
    ended_by: str | None


NOTHING = State()


def event_entry(body: bytes, sha256: str, received_at: datetime) -> Entry | None:
    """What a signed body says about a place; None: it is no event, or one that changes nothing."""
    event = parse(body)
    if event is None or (reason := event.effect) is None:
        return None
    if event.version is None and reason.effect in ABOUT_A_REVISION:
        return None
    received = (received_at - EPOCH) / SECOND
    ahead = event.time > received + AHEAD
    at = int(received) if ahead else event.time
    return Entry(
        place=event.place,
        position=f"{position_at(at)}{event.resource_version:020d}{reason.rank}{sha256}",
        at=at,
        effect=reason.effect,
        cause=event.reason,
        version=event.version,
        oci_digest=event.oci_digest,
        chart=event.chart,
        service=event.service,
        message=event.message,
        basis="late" if received > event.time + LATE else "observed",
        ahead=ahead,
    )


def position_at(at: int) -> str:
    """Every position of that second, and of later ones, sorts after it; every earlier one before."""
    return f"{at:012d}"


def timeline(entries: Iterable[Entry]) -> tuple[list[Arrival], State]:
    """Every arrival at a place, oldest first, and where it stands after all entries, given in any order."""
    turns, state = follow(NOTHING, in_order(entries))
    return list(arrivals(turns)), state


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Sorted, without what an observer saw and an event beside it says as well."""
    ordered = sorted(entries, key=lambda it: it.position)
    return [
        it
        for number, it in enumerate(ordered)
        if it.seen_at is None
        or not (
            _tells(it, it.seen_at, map(ordered.__getitem__, range(number - 1, -1, -1)))
            or _tells(it, it.seen_at, islice(ordered, number + 1, None))
        )
    ]


def _tells(fact: Entry, seen_at: int, others: Iterable[Entry]) -> bool:
    """Whether the first of `others` that is about more than health, and not the same fact again, is the event of what
    the observer saw.

    Helm's time is that of the action's beginning, an event's that of its success, so the event comes later, but not
    after the observer saw the success. Whatever lies between the two makes the event another action's.
    """
    for it in others:
        if it.effect in ("healthy", "failing") or (it.effect == "seen" and _same(it, fact)):
            continue
        success = it.effect in ("runs", "rolled_back")
        return success and _same(it, fact) and fact.at - NEAR <= it.at <= seen_at + NEAR
    return False


def follow(state: State, entries: Iterable[Entry]) -> tuple[list[Turn], State]:
    """The turns that `entries`, sorted and all later than `state`, bring, and the state after them."""
    turns = []
    for it in entries:
        before, state = state.running, EFFECTS[it.effect](state, it)
        if before is not state.running:
            turns.append(Turn(it.position, it.at, it.cause, it.basis, state))
    return turns, state


def arrivals(turns: Iterable[Turn]) -> Iterator[Arrival]:
    """What lies between the turns, of which the last is still in force."""
    for turn, following in pairwise([*turns, None]):
        if turn is None or (running := turn.state.running) is None:
            continue
        if following is None:
            yield Arrival(turn, running, None, running.basis, None)
        else:
            basis = weaker(running.basis, following.basis)
            yield Arrival(turn, running, following.at, basis, following.cause)


def weaker(one: str, other: str) -> str:
    """The basis of an arrival from those of its ends."""
    return min(one, other, key=BASES.index)


def runs(state: State, it: Entry) -> State:
    """The revision runs from now on; one that runs already goes on uncut."""
    return State(state.running if _is(state.running, it) else _begins(it), "healthy")


def seen(state: State, it: Entry) -> State:
    """An observer saw that the revision runs; of what was tried while it did he knows nothing."""
    return state if _is(state.running, it) else State(_begins(it), "healthy")


def attempted(state: State, it: Entry) -> State:
    """The revision failed to run; what ran before still does."""
    attempt = Attempt(it.version or "", "failed", it.at, it.message, it.chart, it.service)
    return State(state.running, "failing", attempt)


def rolled_back(state: State, it: Entry) -> State:
    """The revision runs (again). If the failed one was never reported running, nothing was interrupted."""
    attempt = state.attempt
    if attempt is not None:
        attempt = msgspec.structs.replace(attempt, outcome="rolled back")
    if _is(state.running, it):
        return State(state.running, "healthy", attempt)
    return State(_begins(it), "healthy", attempt or _undone(state.running, it, "rolled back"))


def removed(state: State, it: Entry) -> State:
    """Nothing runs."""
    return NOTHING


def taken_back(state: State, it: Entry) -> State:
    """Nothing runs: the remedy of a failed release was to remove it. The failure stays in sight."""
    attempt = state.attempt or _undone(state.running, it, "failed")
    return State(None, "failing", attempt) if attempt else NOTHING


def healthy(state: State, it: Entry) -> State:
    return _reported(state, it, "healthy")


def failing(state: State, it: Entry) -> State:
    return _reported(state, it, "failing")


EFFECTS: dict[str, Callable[[State, Entry], State]] = {
    it.__name__: it for it in (runs, seen, attempted, rolled_back, removed, taken_back, healthy, failing)
}
ABOUT_A_REVISION = ("runs", "attempted", "rolled_back")


def _reported(state: State, it: Entry, health: str) -> State:
    """How what runs is doing; a test of something else says nothing about it."""
    if state.running is None or (it.cause.startswith("Test") and it.version and not _is(state.running, it)):
        return state
    return State(state.running, health, state.attempt)


def _is(running: Running | None, it: Entry) -> bool:
    return running is not None and (running.version, running.oci_digest) == (it.version, it.oci_digest)


def _same(one: Entry, other: Entry) -> bool:
    """Of one revision; a digest that one of them does not tell says nothing."""
    digests = {it.oci_digest for it in (one, other) if it.oci_digest}
    return one.version == other.version and len(digests) < 2


def _undone(running: Running | None, it: Entry, outcome: str) -> Attempt | None:
    """What ran, was found wanting, and gave way."""
    if running is None:
        return None
    return Attempt(running.version, outcome, it.at, it.message, running.chart, running.service)


def _begins(it: Entry) -> Running:
    return Running(it.version or "", it.at, it.basis, it.oci_digest, it.chart, it.service, it.seen_at is not None)
