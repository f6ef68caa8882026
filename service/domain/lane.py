"""A lane: what was said of one HelmRelease object, by its uid, in order; and where that leaves it.

Every event carries the resourceVersion that the object had when its reconcile began, so several share one; a level has
the one that it was read at (facts of helm-controller 1.6.3 and fluxcd/pkg runtime/patch). So a lane is ordered by
resourceVersion (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions: by length, then as
text), then a level before events, since they come of the reconcile that began there; then by time, rank and bytes. What
has no resourceVersion of its own is put between by time: before the first entry that, or before which one, is later.

An object is in one cluster, which the levels of it name: that another one has no such HelmRelease says nothing of it.

A cluster that was restored counts anew. So entries, by time, fall into runs: a new one begins after a gap of over an
hour where the next version is below the highest of the run. Runs follow each other by time.
"""

import hashlib
from collections.abc import Collection, Iterable
from itertools import chain

import msgspec

from .event import OVERRIDDEN, digest_in
from .level import under_way
from .level_effect import looked
from .occurrence import BLANK, Memory, Occurrence, is_plain, occurrences, remembered
from .state import BEGINNING, NO_ARRIVAL, NOTHING, Entry, Running, State, position, position_at

GAP = 3600  # seconds
EVENTS = ("event", "late")  # the basis of what Flux said
NAME = 16  # characters of a SHA-256
CHECKPOINT = "00"  # begins the SHA-256 of one event of 256, after which the lane is kept
Key = tuple[int, str, int, int, int, str]
Loose = tuple[int, int, str]


class ObjectLane(msgspec.Struct, gc=False, omit_defaults=True):
    """`first` and `last`: when the object was first and last spoken of. `clusters`: as which the one that it is in was
    named; none: nobody did. `key` is the last entry's of the latest run, `loose` the last one's that has no version.

    So that a lane can be continued: `high` is its latest time, `told` that of what has a version, `ties` the entries of
    the latest second, and `inverted` the
    latest time at which an earlier entry followed. `turned` is when something else, or nothing, began to run for the
    `turns`th time, and `opened` the position of the arrival that was the last to begin; "": there was none. `marked` is
    when the last checkpoint after that was; 0: there was none.
    """

    uid: str = ""
    first: int = 0
    last: int = 0
    basis: str = "event"
    clusters: tuple[str, ...] = ()
    key: Key | None = None
    loose: Loose | None = None
    high: int = -1
    told: int = -1
    ties: tuple[str, ...] = ()
    inverted: int = -1
    turned: int = 0
    turns: int = 0
    opened: str = ""
    marked: int = 0
    state: State = NOTHING
    memory: Memory = BLANK

    @property
    def after(self) -> str:
        """Sorts as the last arrival or checkpoint of the lane: between the arrivals that it lies between."""
        return (self.opened or NO_ARRIVAL) + position_at(self.marked) if self.marked else self.opened


class Turn(msgspec.Struct, frozen=True, gc=False):
    """Another revision begins to run, or nothing runs any more: `lane` is how it stands right after that."""

    position: str
    at: int
    cause: str
    basis: str
    lane: ObjectLane


class PlacedLane(msgspec.Struct, frozen=True, gc=False):
    """How a lane stands amid what is said of it, so that what comes late costs no more the longer an arrival lasts."""

    position: str
    lane: ObjectLane


class FoundImage(msgspec.Struct, frozen=True, gc=False):
    """An image that was seen in a pod, or that an event named, while what began at `position` ran. `after` as
    PlacedOccurrence has it."""

    position: str
    digest: str
    seen: bool
    after: str


class PlacedOccurrence(msgspec.Struct, frozen=True, gc=False):
    """`position` is its own; `after`: of the last arrival or checkpoint before its entry."""

    position: str
    after: str
    basis: str
    it: Occurrence


class Followed(msgspec.Struct, frozen=True, gc=False):
    """What entries brought: the turns, the images, what else occurred, the checkpoints, and the lane after them."""

    turns: list[Turn]
    images: list[FoundImage]
    occurred: list[PlacedOccurrence]
    checkpoints: list[PlacedLane]
    lane: ObjectLane


def key_of(it: Entry) -> Key:
    return len(it.resource_version), it.resource_version, 0 if it.level else 1, it.at, it.rank, name_of(it)


def is_about(it: Entry, clusters: Collection[str]) -> bool:
    """Whether it says anything of an object in a cluster that has these names."""
    return it.basis != "absence" or not clusters or it.cluster in clusters


def clusters_of(entries: Iterable[Entry], uid: str) -> tuple[str, ...]:
    """The names, in order, of the cluster that the object is in."""
    return tuple(sorted({it.cluster for it in entries if it.level and it.uid == uid and it.cluster}))


def name_of(it: Entry) -> str:
    """Tells it from the others of a place: the beginning of its SHA-256; of a level, which two may see at a time, with
    the version."""
    return it.sha256[:NAME] + it.resource_version if it.level else it.sha256[:NAME]


def in_order(entries: Iterable[Entry], after: ObjectLane) -> list[Entry] | None:
    """Sorted, without what says nothing of the object; None: some of them do not come after what the lane holds
    already."""
    entries = [it for it in entries if is_about(it, after.clusters)]
    if len(entries) == 1 and entries[0].resource_version:
        return _one_in_order(entries[0], after)
    versioned, loose = list[Entry](), list[Entry]()
    for it in entries:
        (versioned if it.resource_version else loose).append(it)
        if it.at < after.high:
            return None
    if len(versioned) + len(loose) > 1:
        versioned.sort(key=lambda it: (it.at, key_of(it)))
        loose.sort(key=_loose_key)
    if loose and after.loose and _loose_key(loose[0]) < after.loose:
        return None
    runs = _runs(versioned, after)
    if after.key and runs[0] and key_of(runs[0][0]) < after.key:
        return None
    if versioned and after.loose and after.loose[0] == versioned[0].at:
        return None
    return _merged(list(chain.from_iterable(runs)), loose, after.high)


def _one_in_order(it: Entry, after: ObjectLane) -> list[Entry] | None:
    """As `in_order` for one entry, which is nearly all that is asked, at a third of its cost."""
    if it.at < after.high or (after.loose and after.loose[0] == it.at):
        return None
    if after.key and key_of(it) < after.key:
        begins = (len(it.resource_version), it.resource_version) < after.key[:2] and it.at - after.told > GAP
        return [it] if begins else None
    return [it]


def _runs(by_time: list[Entry], after: ObjectLane) -> list[list[Entry]]:
    """The first continues that of `after`."""
    runs: list[list[Entry]] = [[]]
    highest, high = (after.key[:2] if after.key else (0, "")), after.told
    for it in by_time:
        version = len(it.resource_version), it.resource_version
        if version < highest and it.at - high > GAP:
            runs.append([])
            highest = version
        runs[-1].append(it)
        highest, high = max(highest, version), max(high, it.at)
    for run in runs:
        run.sort(key=key_of)
    return runs


def _merged(versioned: list[Entry], loose: list[Entry], high: int) -> list[Entry]:
    found, left = list[Entry](), 0
    for it in versioned:
        high = max(high, it.at)
        while left < len(loose) and loose[left].at < high:
            found.append(loose[left])
            left += 1
        found.append(it)
    return found + loose[left:]


def _loose_key(it: Entry) -> Loose:
    return it.at, it.rank, name_of(it)


def follow(lane: ObjectLane, entries: Iterable[Entry]) -> Followed:
    """`entries` are in order, and come after what the lane holds. `lane` is changed."""
    brought = Followed([], [], [], [], lane)
    for it in entries:
        before, after = lane.state, lane.after
        lane.state = (looked if _is_outrun(lane, it) else it.effect)(before, it)
        if it.tries != lane.state.tries and it.uid and not it.level:
            lane.state = msgspec.structs.replace(lane.state, tries=it.tries)
        _hear(lane, it)
        running = lane.state.running
        began = running is not before.running
        if began:
            _turn(lane, it, running)
        found = [] if is_plain(before, it, lane.state) else list(occurrences(before, it, lane.state, lane.memory))
        lane.memory = remembered(lane.memory, found, lane.state)
        if began:
            brought.turns.append(Turn(lane.opened, lane.turned, it.cause, it.basis, msgspec.structs.replace(lane)))
        if running and (it.image or it.level):
            brought.images.extend(_images(lane.opened, it, after, began=began))
        for number, each in enumerate(found):
            brought.occurred.append(PlacedOccurrence(_placed(lane, it, number, each), after, it.basis, each))
        if it.sha256.startswith(CHECKPOINT) and it.basis in EVENTS and lane.high > lane.marked:
            lane.marked = lane.high
            brought.checkpoints.append(PlacedLane(lane.after, msgspec.structs.replace(lane)))
    return brought


def _turn(lane: ObjectLane, it: Entry, running: Running | None) -> None:
    lane.turned = max(lane.turned, it.at if running is None else running.since)
    lane.turns += 1
    if running is None:
        return
    # What names no object may begin an arrival of each.
    own = it.sha256 if it.uid else hashlib.sha256(f"{it.sha256} {lane.uid}".encode()).hexdigest()
    begins = position(lane.turned, lane.key[1] if lane.key else "", lane.turns, it.rank, own)
    # The arrivals of a lane follow each other, also where a restored cluster counts anew.
    lane.opened = max(begins[:BEGINNING], lane.opened[:BEGINNING]) + begins[BEGINNING:]
    lane.marked = 0
    if running.since != lane.turned:
        lane.state = _not_before(lane.state, running, lane.turned)


def _placed(lane: ObjectLane, it: Entry, number: int, each: Occurrence) -> str:
    """What one entry makes occur at one time is in the order in which it does."""
    identity = f"{each.kind} {it.place} {lane.uid} {each.at} {it.sha256}"
    own = hashlib.sha256(identity.encode()).hexdigest()
    return position(each.at, lane.key[1] if lane.key else "", lane.turns, it.rank, f"0{number:x}{own[2:]}")


def _is_outrun(lane: ObjectLane, it: Entry) -> bool:
    """A level that was read while a reconcile was under way has a later version than that reconcile's events, and what
    they said after it was read is newer."""
    return it.level is not None and under_way(it.level) and it.at <= lane.told


def _not_before(state: State, running: Running, at: int) -> State:
    """An arrival begins no earlier than the one before it, whatever the clocks of two nodes say."""
    since = None if state.health_since is None else max(state.health_since, at)
    replace = msgspec.structs.replace
    return replace(state, running=replace(running, since=at), health_since=since)


def _hear(lane: ObjectLane, it: Entry) -> None:
    if it.uid:
        if lane.last == 0 or it.at < lane.first:
            lane.first, lane.basis = it.at, it.basis
        lane.last = max(lane.last, it.at)
    if it.resource_version:
        lane.key, lane.told = key_of(it), max(lane.told, it.at)
    else:
        lane.loose = _loose_key(it)
    if it.at > lane.high:
        lane.high, lane.ties = it.at, (name_of(it),)
    elif it.at == lane.high:
        lane.ties = (*lane.ties, name_of(it))
    else:
        lane.inverted = max(lane.inverted, lane.high)


def _images(opened: str, it: Entry, after: str, *, began: bool) -> Iterable[FoundImage]:
    """The image annotation is what was intended, and counts for a success alone. That of the version which `began` with
    it is found with its release. What overrides images lies in the environment, so it holds after a roll back too."""
    if it.level:
        named = {digest_in(image) for each in it.level.images or () for image in (each.asked, each.running)}
        return (FoundImage(opened, digest, True, after) for digest in sorted(filter(None, named)))
    overridden = it.image == OVERRIDDEN
    succeeded = it.cause in ("InstallSucceeded", "UpgradeSucceeded") or (overridden and it.cause == "RollbackSucceeded")
    found_with_release = began and it.release == it.version and not overridden
    if it.image and succeeded and not found_with_release:
        return (FoundImage(opened, it.image.rpartition("@")[2], False, after),)
    return ()
