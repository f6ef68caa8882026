"""What an observer saw in a cluster: the HelmReleases of whole namespaces, with the history that Flux keeps of each.

A snapshot holds two kinds of facts, which are kept like events: a revision is deployed since a time (`Seen`), and a
place is gone (`Absent`). The same fact in a later snapshot has the same bytes, so it is kept once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from .effects import removed, seen
from .event import CHART_NAME, DIGEST, EPOCH, NAME, SECOND, VERSION, only
from .reasons import REASONS
from .state import AHEAD, Entry, position

SEEN_RANK, ABSENT_RANK = REASONS["UpgradeSucceeded"].rank, REASONS["UninstallSucceeded"].rank


class Seen(msgspec.Struct, frozen=True, tag=True):
    """`version`, without build metadata, is deployed at `place` since `at`, in seconds since 1970."""

    place: str
    at: int
    version: str
    chart: str | None
    oci_digest: str | None


class Absent(msgspec.Struct, frozen=True, tag=True):
    """Nothing was at `place`, in a namespace that was read completely, at `at`."""

    place: str
    at: int


Fact = Seen | Absent


class HistoryEntry(msgspec.Struct, rename="camel"):
    """An entry of `status.history`: https://fluxcd.io/flux/components/helm/helmreleases/#history."""

    status: str
    last_deployed: datetime
    chart_version: str
    chart_name: str = ""
    oci_digest: str | None = None


class SeenHelmRelease(msgspec.Struct):
    namespace: str
    name: str
    history: list[HistoryEntry] = []


class Snapshot(msgspec.Struct):
    """`namespaces` are those that were read completely at `taken_at`."""

    taken_at: datetime
    namespaces: list[str]
    helmreleases: list[SeenHelmRelease]


_decode = msgspec.json.Decoder(Snapshot).decode
_fact = msgspec.json.Decoder(Fact).decode


def parse(body: bytes) -> Snapshot | None:
    """None: it is no snapshot, so it has no effect."""
    try:
        snapshot = _decode(body)
    except (ValueError, RecursionError):
        return None
    times = [snapshot.taken_at, *(entry.last_deployed for it in snapshot.helmreleases for entry in it.history)]
    return None if any(time.tzinfo is None or time < EPOCH for time in times) else snapshot


def facts(snapshot: Snapshot, running: Iterable[str], received_at: datetime) -> Iterator[Fact]:
    """What is deployed, and which of the places `running` are gone."""
    listed = set()
    for it in snapshot.helmreleases:
        place = f"{it.namespace}/{it.name}"
        if not NAME.fullmatch(it.namespace) or not NAME.fullmatch(it.name):
            continue
        listed.add(place)
        for entry in it.history:
            version = only(VERSION, entry.chart_version.partition("+")[0])
            if entry.status == "deployed" and version:
                at = _seconds(entry.last_deployed, received_at)
                chart = only(CHART_NAME, entry.chart_name)
                yield Seen(place, at, version, chart, only(DIGEST, entry.oci_digest))
    for place in running:
        if place not in listed and place.partition("/")[0] in snapshot.namespaces:
            yield Absent(place, _seconds(snapshot.taken_at, received_at))


def fact_entry(body: bytes, sha256: str, received_at: datetime) -> Entry | None:
    """The entry of a fact that was first received at `received_at`; None: the body is no fact."""
    try:
        fact = _fact(body)
    except (ValueError, RecursionError):
        return None
    return entry_of(fact, sha256, received_at)


def entry_of(fact: Fact, sha256: str, received_at: datetime) -> Entry:
    if isinstance(fact, Absent):
        at = position(fact.at, 0, ABSENT_RANK, sha256)
        return Entry(fact.place, at, fact.at, removed, "absent", None, basis="inferred")
    return Entry(
        place=fact.place,
        position=position(fact.at, 0, SEEN_RANK, sha256),
        at=fact.at,
        effect=seen,
        cause="seen",
        version=fact.version,
        oci_digest=fact.oci_digest,
        chart=fact.chart,
        basis="late",
        seen_at=(received_at - EPOCH) // SECOND,
    )


def _seconds(time: datetime, received_at: datetime) -> int:
    """A time in the future counts as the time of receipt: the sender's clock is ahead."""
    said, received = (time - EPOCH) // SECOND, (received_at - EPOCH) // SECOND
    return received if said > received + AHEAD else said
