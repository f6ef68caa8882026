"""An observer's snapshot: the HelmReleases of ranges of names that it read completely, each as it is at that moment.

What is kept of it are its levels, one of each HelmRelease, and the names that each range had. Older observers post
`namespaces` instead of ranges, and of each HelmRelease its history alone.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from .effects import absent
from .event import CHART_NAME, EPOCH, NAME, NOT_JSON, TEST_SECONDS, Cause, line, number, only, seconds_of, word
from .level import Condition, HelmRevision, Level, LevelImage, is_in_between
from .level_effect import seen
from .name_range import NameRange
from .state import Entry, told_at

NO_SNAPSHOT, UNREADABLE = Cause("no snapshot of an observer"), Cause("a HelmRelease of a snapshot that cannot be read")
CONDITIONS = frozenset({"Ready", "Reconciling", "Stalled", "Released", "TestSuccess", "Remediated", "Drifted"})
MOST_IMAGES, MOST_REVISIONS = 500, 10
ROUNDS = (10, 86400)  # seconds between which a round may last
CLUSTER = re.compile(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,62}[0-9A-Za-z])?")  # its name, as that of a label's value


class PostedCondition(msgspec.Struct, omit_defaults=True):
    """`since`: its lastTransitionTime."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


class PostedRevision(msgspec.Struct, rename="camel", omit_defaults=True):
    """An entry of `status.history`: https://fluxcd.io/flux/components/helm/helmreleases/#history."""

    status: str
    chart_version: str
    chart_name: str = ""
    version: int = 0
    action: str | None = None
    last_deployed: datetime | None = None
    oci_digest: str | None = None


class PostedImage(msgspec.Struct, omit_defaults=True):
    """`asked` is the pod's spec.image, `running` the imageID that its kubelet reports, in so many `pods`."""

    workload: str
    container: str
    asked: str
    running: str = ""
    pods: int = 0


class PostedHelmRelease(msgspec.Struct, rename="camel", omit_defaults=True):
    """`test_seconds`: the time-out of its tests. `remote`: it is for another cluster, so its pods are not here.
    `images` null: nobody looked at pods; `images_unknown`: why they could not be seen, in part or whole."""

    namespace: str
    name: str
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    observed_generation: int | None = None
    deletion_timestamp: str | None = None
    suspended: bool = False
    tests: bool | None = None
    test_seconds: int | None = None
    tests_ignored: bool = False
    remote: bool = False
    conditions: list[PostedCondition] | None = None
    history: list[PostedRevision] | None = None
    images: list[PostedImage] | None = None
    images_unknown: str | None = None


class Snapshot(msgspec.Struct, omit_defaults=True):
    """As it is posted. `round_seconds`: for how long the observer waits between two. `cluster` tells the one where it
    looked from others that report for the environment."""

    taken_at: datetime
    helmreleases: list[PostedHelmRelease]
    ranges: list[NameRange] = []
    namespaces: list[str] = []
    round_seconds: int | None = None
    cluster: str = ""


class _Whole(msgspec.Struct):
    """A HelmRelease that cannot be read must not take the others with it."""

    taken_at: datetime
    helmreleases: list[msgspec.Raw]
    ranges: list[NameRange] = []
    namespaces: list[str] = []
    round_seconds: int | None = None
    cluster: str = ""


class _Name(msgspec.Struct):
    namespace: str
    name: str


class SeenLevel(msgspec.Struct, frozen=True):
    place: str
    resource_version: str
    level: Level


class Sight(msgspec.Struct, frozen=True):
    """What a snapshot tells: at `at`, the `ranges` of the `cluster` had exactly these `names`, namespace/name, and
    `levels` of those that could be read. `unread`: how many could not."""

    at: int
    round_seconds: int | None
    ranges: tuple[NameRange, ...]
    names: frozenset[str]
    levels: tuple[SeenLevel, ...]
    unread: int
    cluster: str = ""


_decode = msgspec.json.Decoder(_Whole).decode
_release = msgspec.json.Decoder(PostedHelmRelease).decode
_name = msgspec.json.Decoder(_Name).decode
_level = msgspec.json.Decoder(Level).decode
_fact = msgspec.json.Decoder(dict[str, Any]).decode


def parse(body: bytes, received_at: datetime) -> Sight | Cause:
    """What the snapshot tells, or why it tells nothing."""
    try:
        whole = _decode(body)
    except msgspec.ValidationError:
        return NO_SNAPSHOT
    except (ValueError, RecursionError):
        return NOT_JSON
    if whole.taken_at.tzinfo is None or whole.taken_at < EPOCH:
        return NO_SNAPSHOT
    if whole.cluster and not CLUSTER.fullmatch(whole.cluster):
        return NO_SNAPSHOT
    at, names, levels, unread = _seconds(whole.taken_at, received_at), set[str](), list[SeenLevel](), 0
    for raw in whole.helmreleases:
        try:
            named = _name(raw)
            if not NAME.fullmatch(named.namespace) or not NAME.fullmatch(named.name):
                raise ValueError
            names.add(f"{named.namespace}/{named.name}")
            posted = _release(raw)
        except (ValueError, RecursionError):
            unread += 1
            continue
        version = number(posted.resource_version) if posted.uid else ""
        level = level_of(posted, received_at, whole.cluster)
        levels.append(SeenLevel(f"{named.namespace}/{named.name}", version, level))
    ranges = (*whole.ranges, *map(NameRange, whole.namespaces))
    if not all(it.is_named for it in ranges):
        return NO_SNAPSHOT
    round_seconds = None if whole.round_seconds is None else min(max(whole.round_seconds, ROUNDS[0]), ROUNDS[1])
    return Sight(at, round_seconds, ranges, frozenset(names), tuple(levels), unread, whole.cluster)


def level_of(it: PostedHelmRelease, received_at: datetime, cluster: str = "") -> Level:
    conditions = None
    if it.conditions is not None:
        found = [_condition(each, received_at) for each in it.conditions if each.type in CONDITIONS]
        conditions = tuple(sorted(found, key=lambda each: each.type))
    history = tuple(
        HelmRevision(
            word(each.status, 64),
            word(each.chart_version, 300),
            only(CHART_NAME, each.chart_name) or "",
            each.version,
            word(each.action or "", 64),
            _when(each.last_deployed, received_at),
            each.oci_digest,
        )
        for each in (it.history or [])[:MOST_REVISIONS]
    )
    level = Level(
        namespace=it.namespace,
        name=it.name,
        uid=it.uid[:64],
        counts=it.generation is None or it.observed_generation == it.generation,
        deleted=it.deletion_timestamp is not None,
        suspended=it.suspended,
        tests=(it.test_seconds or TEST_SECONDS) if it.tests else None,
        tests_ignored=it.tests_ignored,
        conditions=conditions,
        history=history,
        images=_images(it),
        unseen=_unseen(it),
        cluster=cluster,
    )
    # While something is being done, pods of two revisions run, which tells nothing of either.
    return msgspec.structs.replace(level, images=None, unseen=None) if is_in_between(level) else level


def _condition(it: PostedCondition, received_at: datetime) -> Condition:
    told = word(it.status, 16), word(it.reason, 128), line(it.message)
    return Condition(it.type, *told, _when(it.since, received_at))


def _unseen(it: PostedHelmRelease) -> str | None:
    """Why images could not be seen, or not all of them."""
    if it.remote:
        return "it is for another cluster"
    if it.images is not None and len(it.images) > MOST_IMAGES and not it.images_unknown:
        return f"it has more than {MOST_IMAGES} images"
    return it.images_unknown and line(it.images_unknown)


def _images(it: PostedHelmRelease) -> tuple[LevelImage, ...] | None:
    """Without the number of pods, which changes while nothing else does."""
    if it.images is None or it.remote:
        return None
    named = {
        (word(each.workload, 300), word(each.container, 64), word(each.asked, 600), word(each.running, 600))
        for each in it.images
    }
    return tuple(LevelImage(*each) for each in sorted(named)[:MOST_IMAGES])


def level_entries(place: str, body: bytes, sha256: str, seen_at: list[tuple[int, str]]) -> Iterator[Entry]:
    """The entries of a level that was seen at these times, at these resourceVersions; of absence the body is the name
    of the cluster."""
    level = _level(body) if body.startswith(b"{") else None
    for at, resource_version in seen_at:
        yield Entry(
            place=place,
            uid=level.uid if level else "",
            resource_version=resource_version,
            at=at,
            rank=0 if level else 9,
            sha256=sha256,
            effect=seen if level else absent,
            cause="seen" if level else "absent",
            basis="snapshot" if level else "absence",
            level=level,
            cluster=level.cluster if level else body.decode(),
        )


def fact_entry(body: bytes, sha256: str, received_at: datetime) -> Entry | None:
    """The entry of what an older version of this ledger kept of a snapshot; None: the body is no such fact."""
    try:
        fact = _fact(body)
        place, at = str(fact["place"]), int(fact["at"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    if fact.get("type") == "Absent":
        return next(level_entries(place, b"", sha256, [(at, "")]))
    if fact.get("type") != "Seen":
        return None
    namespace, _, name = place.partition("/")
    revision = HelmRevision("deployed", str(fact["version"]), fact.get("chart") or "", deployed_at=at)
    revision = msgspec.structs.replace(revision, oci_digest=fact.get("oci_digest"))
    level = msgspec.json.encode(Level(namespace, name, history=(revision,)))
    return next(level_entries(place, level, sha256, [(seconds_of(received_at), "")]))


def _when(time: datetime | None, received_at: datetime) -> int | None:
    if time is None or time.tzinfo is None or time < EPOCH:
        return None
    return _seconds(time, received_at)


def _seconds(time: datetime, received_at: datetime) -> int:
    return told_at(seconds_of(time), seconds_of(received_at))
