"""What ran at a place, from when to when: a pure function of the set of what was said about it.

Entries of one HelmRelease object, by its uid, are a lane (domain/lane.py): ordered, then folded, each changing the
State by its effect. At a `Turn` something else begins to run, or nothing; an arrival lies between two turns. What names
no uid counts in every lane that has begun.

An object that is deleted and created anew has another uid: its lane takes the place of the one before, if that was not
heard of afterwards. Where both are, two clusters report as one place: it is contested, and nothing is blended.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from .lane import FoundImage, ObjectLane, PlacedLane, PlacedOccurrence, Turn, clusters_of, follow, in_order
from .occurrence import Occurrence
from .state import NEAR, Entry, Running, position

DAY = 86400  # a lane that was not heard for so long, while another was, has ended
LAST = 9  # the rank of what no entry says
BASES = ("absence", "snapshot", "late", "event")  # weakest first


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A revision ran in [running.since, until), None: it still does. `basis` is that of the weaker end."""

    began: Turn
    running: Running
    until: int | None
    basis: str
    ended_by: str | None


class Closing(msgspec.Struct, frozen=True, gc=False):
    """A lane's end: what ran in it did so until then at the latest."""

    at: int
    cause: str
    basis: str


class Timeline(msgspec.Struct, frozen=True, gc=False):
    """Every arrival at a place, in the order of their beginnings, the images found with them, what else occurred, its
    checkpoints and its lanes."""

    arrivals: list[Arrival]
    images: list[FoundImage]
    occurred: list[PlacedOccurrence]
    checkpoints: list[PlacedLane]
    lanes: tuple[ObjectLane, ...]


def timeline(entries: Iterable[Entry]) -> Timeline:
    """Of entries in any order."""
    whole = lanes_of(entries)
    place = next((it.place for _, ordered in whole for it in ordered), "")
    followed = [follow(lane, ordered) for lane, ordered in whole]
    lanes = tuple(it.lane for it in followed)
    found = [arrival for it, end in zip(followed, closings(lanes), strict=True) for arrival in arrivals(it.turns, end)]
    return Timeline(
        sorted(found, key=lambda it: it.began.position),
        [image for it in followed for image in it.images],
        [*(each for it in followed for each in it.occurred), *between(place, lanes)],
        [each for it in followed for each in it.checkpoints],
        lanes,
    )


def lanes_of(entries: Iterable[Entry]) -> list[tuple[ObjectLane, list[Entry]]]:
    """An empty lane for each uid, by its beginning, and what is to be followed in it."""
    own, common = dict[str, list[Entry]](), list[Entry]()
    for it in entries:
        (own.setdefault(it.uid, []) if it.uid else common).append(it)
    begun = [ObjectLane(uid, min(it.at for it in said), max(it.at for it in said)) for uid, said in own.items()] or [
        ObjectLane()
    ]
    begun.sort(key=lambda it: (it.first, it.uid))
    found = []
    for number, (lane, end) in enumerate(zip(begun, closings(begun), strict=True)):
        mine = own.get(lane.uid, []) + [
            it for it in common if (number == 0 or it.at >= lane.first) and (end is None or it.at < end.at)
        ]
        clusters = clusters_of(mine, lane.uid)
        found.append((ObjectLane(lane.uid, clusters=clusters), in_order(mine, ObjectLane(clusters=clusters)) or []))
    return found


def closings(lanes: Sequence[ObjectLane]) -> list[Closing | None]:
    """Of lanes by their beginning; None: it is open."""
    begins, last = [it.first for it in lanes], max((it.last for it in lanes), default=0)
    found = list[Closing | None]()
    for number, it in enumerate(lanes):
        successor = bisect_left(begins, it.last - NEAR, number + 1)
        if successor < len(lanes):
            found.append(Closing(begins[successor], "replaced", lanes[successor].basis))
        else:
            found.append(Closing(it.last, "replaced", it.basis) if last - it.last > DAY else None)
    return found


def arrivals(turns: Iterable[Turn], end: Closing | None = None) -> Iterator[Arrival]:
    """What lies between the turns of one lane, of which the last is in force until `end`."""
    for turn, following in pairwise([*turns, None]):
        if turn is None or (running := turn.lane.state.running) is None:
            continue
        if following is not None:
            yield Arrival(turn, running, *ending(running, following.at, following.basis, following.cause))
        elif end is not None:
            yield Arrival(turn, running, *ending(running, end.at, end.basis, end.cause))
        else:
            yield Arrival(turn, running, None, running.basis, None)


def ending(running: Running, at: int, basis: str, cause: str) -> tuple[int, str, str]:
    """Until when it ran, the basis of the whole, and what ended it."""
    return max(at, running.since), weaker(running.basis, basis), cause


def replaced(place: str, lane: ObjectLane, end: Closing) -> PlacedOccurrence:
    """What ran in a lane when it was closed does so no more."""
    running = lane.state.running
    at = max(end.at, running.since) if running else end.at
    return _of_lane(place, lane, Occurrence("removed", at, running, end.cause), lane.opened, end.basis)


def between(place: str, lanes: Sequence[ObjectLane]) -> Iterator[PlacedOccurrence]:
    """What several objects make occur: one takes the place of another, or is still heard of after another has begun to
    report as the same place."""
    for lane, end in zip(lanes, closings(lanes), strict=True):
        if end and lane.state.running:
            yield replaced(place, lane, end)
    last = 0  # of those that began before
    for it in lanes:
        if last > it.first + NEAR:
            yield _of_lane(place, it, Occurrence("contested", it.first, _unversioned(it), None), "", it.basis, turns=0)
        last = max(last, it.last)


def _unversioned(lane: ObjectLane) -> Running | None:
    """What runs in it now is not what ran when it began."""
    it = lane.state.running
    return Running("", it.since, it.basis, chart=it.chart, service=it.service) if it else None


def _of_lane(
    place: str, lane: ObjectLane, it: Occurrence, after: str, basis: str, *, turns: int | None = None
) -> PlacedOccurrence:
    own = hashlib.sha256(f"{it.kind} {place} {lane.uid} {it.at}".encode()).hexdigest()
    number = lane.turns if turns is None else turns
    return PlacedOccurrence(position(it.at, "", number, LAST, own), after, basis, it)


def weaker(one: str, other: str) -> str:
    """The basis of an arrival from those of its ends."""
    return min(one, other, key=BASES.index)


def at_time(entries: Iterable[Entry], second: int) -> list[ObjectLane]:
    """The lanes that were open then, as is known today: each after its last turn until then, and what was said of it
    after that, until then."""
    whole = [(lane, ordered) for lane, ordered in lanes_of(entries)]
    ends = closings([follow(msgspec.structs.replace(lane), ordered).lane for lane, ordered in whole])
    found = []
    for (lane, ordered), end in zip(whole, ends, strict=True):
        if end is None or end.at > second:
            found.append(_lane_at(lane, ordered, second))
    return [it for it in found if it.high >= 0] or found[:1]


def _lane_at(lane: ObjectLane, ordered: list[Entry], second: int) -> ObjectLane:
    last, kept = 0, msgspec.structs.replace(lane)
    for number, it in enumerate(ordered):
        if follow(lane, [it]).turns and lane.turned <= second:
            last, kept = number + 1, msgspec.structs.replace(lane)
    return follow(kept, [it for it in ordered[last:] if it.at <= second]).lane
