"""What ran at a place, from when to when: a pure function of the set of the place's entries.

Entries are sorted by time in whole seconds, resourceVersion, rank of the reason, SHA-256 of the body, so the order in
which they are received cannot matter. Then they are folded: each changes the `State` by its effect. At a `Turn`
something else begins to run, or nothing; an arrival lies between two turns.

A fold can be continued from any State, so a new event does not make the ledger read a place's whole past again. What
an observer saw becomes entries too: `seen` with the basis late, `removed` with the basis inferred.
"""

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

import msgspec

from .effects import HEALTH, rolled_back, runs, seen
from .state import NOTHING, Entry, Running, State

NEAR = 60  # seconds by which two clocks may differ
BASES = ("inferred", "late", "observed")  # weakest first


class Turn(msgspec.Struct, frozen=True, gc=False):
    """The moment at which another revision begins to run, or nothing runs any more, and the state right after it."""

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


def timeline(entries: Iterable[Entry]) -> tuple[list[Arrival], State]:
    """Every arrival at a place, oldest first, and where it stands after all entries, given in any order."""
    turns, state = follow(NOTHING, in_order(entries))
    return list(arrivals(turns)), state


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Sorted, without what an observer saw where an event beside it reports the same."""
    ordered = sorted(entries, key=lambda it: it.position)
    return [
        it
        for number, it in enumerate(ordered)
        if it.seen_at is None
        or not (
            _reports(it, it.seen_at, map(ordered.__getitem__, range(number - 1, -1, -1)))
            or _reports(it, it.seen_at, islice(ordered, number + 1, None))
        )
    ]


def _reports(fact: Entry, seen_at: int, others: Iterable[Entry]) -> bool:
    """Whether the nearest of `others` is the event of what the observer saw. Entries about health alone, and the same
    fact again, are skipped.

    The observer has from Helm when the action began, an event has when it succeeded: so the event is later, but not
    later than the observer saw the success. With another entry between the two, the event is of another action.
    """
    for it in others:
        if it.effect in HEALTH or (it.effect is seen and _same(it, fact)):
            continue
        success = it.effect in (runs, rolled_back)
        return success and _same(it, fact) and fact.at - NEAR <= it.at <= seen_at + NEAR
    return False


def follow(state: State, entries: Iterable[Entry]) -> tuple[list[Turn], State]:
    """The turns that `entries`, sorted and all later than `state`, bring, and the state after them."""
    turns = []
    for it in entries:
        before, state = state.running, it.effect(state, it)
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


def _same(one: Entry, other: Entry) -> bool:
    """Whether both are of one revision. Where one of them has no digest, the versions decide."""
    digests = {it.oci_digest for it in (one, other) if it.oci_digest}
    return one.version == other.version and len(digests) < 2
