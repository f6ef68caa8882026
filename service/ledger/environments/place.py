"""How one place stands, as the API and the board say it."""

from datetime import datetime

from msgspec import Struct

from ...domain import images
from ...domain.event import OVERRIDDEN
from ...domain.images import MISMATCHED, SAME, UNKNOWN, JudgedImage
from ...domain.lane import ObjectLane
from ...domain.state import Intended, Running, State
from ..match import FiledRow, Release, filed_release, moment, named_service, release_of, released_images


class Attempt(Struct, frozen=True):
    """The latest version that failed to run since the running one began. `outcome`: failed | rolled back."""

    version: str
    outcome: str
    at: datetime
    message: str


class Blockage(Struct, frozen=True):
    """Why nothing new can be applied, while the health stays as it is: a reason of Flux."""

    reason: str
    since: datetime
    message: str


class Unmanaged(Struct, frozen=True):
    """The HelmRelease was gone `since` then, and nobody said that its `version` was uninstalled: it may still run."""

    version: str
    since: datetime


class Mismatch(Struct, frozen=True):
    """`what`: chart | image. `basis`: event, as Flux reported the chart; seen, in a pod; intended, as an annotation of
    this very release named the image. `released` and `found` are digests."""

    what: str
    basis: str
    released: str | None
    found: str
    workload: str | None = None
    container: str | None = None


class Contender(Struct, frozen=True):
    """One of several HelmReleases, by their uid, that report as this place. `version` null: nothing runs."""

    uid: str
    version: str | None
    health: str
    since: datetime | None
    last_heard_at: datetime


class PlaceState(Struct, frozen=True):
    """How one place stands. `release` null: nothing is known to run. `health`: healthy | progressing | failing |
    unknown, `health_since` when it began to be so, `health_cause` the reason of Flux, or silent | contested | absent.

    `running_certain` false: another revision may run, in part or whole. `given_up`: Flux tries no more.
    `drift_seen_at`: drift was last detected then, and nothing tells whether it is still there. `reconfigured_at`: the
    same revision was applied again. `intended_image` is the annotation's. `images_unknown`: why some images could not
    be seen. `contested`: two clusters report as this place. `overridden`: its annotations say that it does not run the
    images as they were released, so `release` names none.
    """

    service: str
    place: str
    health: str
    since: datetime | None
    basis: str | None
    release: Release | None
    attempt: Attempt | None
    health_since: datetime | None = None
    health_cause: str | None = None
    running_certain: bool = False
    blocked: Blockage | None = None
    given_up: bool = False
    suspended_since: datetime | None = None
    unmanaged: Unmanaged | None = None
    drift_seen_at: datetime | None = None
    reconfigured_at: datetime | None = None
    intended_image: str | None = None
    images: list[JudgedImage] = []
    images_seen_at: datetime | None = None
    images_unknown: str | None = None
    mismatches: list[Mismatch] = []
    contested: list[Contender] = []
    overridden: bool = False


async def place_state(
    place: str, lanes: list[ObjectLane], at: int, silent: bool, filed: FiledRow | None = None
) -> PlaceState | None:
    """`lanes`: those that are open; `at`: in seconds since 1970. `filed`: the release of what the last lane names, if
    it was looked up. None: nothing runs at `place`, and nothing failed to."""
    state = lanes[-1].state if lanes else State()
    named = state.running or state.attempt or state.left
    if named is None and len(lanes) < 2 and not (state.blocked and lanes[-1].uid):
        return None
    service = named_service(named.service, named.chart, place) if named else place.partition("/")[2]
    if filed is None and named:
        filed = await filed_release(service, named.version)
    document = filed.document if filed else None
    running = state.running if len(lanes) == 1 else None
    shown = images.judged(state.images.seen, released_images(document)) if running and state.images else []
    mismatches = mismatches_of(running, state, filed, shown) if running else []
    health, since, cause = _health(state, lanes, at, silent)
    overridden = bool(running) and state.intended == Intended(OVERRIDDEN, running.version if running else None)
    return PlaceState(
        service=service,
        place=place,
        health=health,
        health_since=since,
        health_cause=cause,
        since=moment(running.since) if running else None,
        basis=running.basis if running else None,
        release=_release(running, filed, bool(mismatches), overridden) if running else None,
        running_certain=bool(running) and (state.uncertain is None or _settled(state, shown)),
        attempt=_attempt(state),
        blocked=_blockage(state),
        given_up=state.given_up,
        suspended_since=_moment(state.suspended),
        unmanaged=Unmanaged(state.left.version, moment(state.unmanaged or 0)) if state.left else None,
        drift_seen_at=_moment(state.drifted),
        reconfigured_at=_moment(state.reconfigured),
        intended_image=_image(state) if running else None,
        images=shown,
        images_seen_at=moment(state.images.at) if running and state.images else None,
        images_unknown=state.images.unknown if running and state.images else None,
        mismatches=mismatches,
        contested=[_contender(it) for it in lanes] if len(lanes) > 1 else [],
        overridden=overridden,
    )


def _release(running: Running, filed: FiledRow | None, mismatched: bool, overridden: bool) -> Release:
    service, document = (filed.filed_service, filed.document) if filed else (None, None)
    return release_of(service, running.version, running.build, document, mismatched=mismatched, overridden=overridden)


def _image(state: State) -> str | None:
    return state.intended.image if state.intended and state.intended.image != OVERRIDDEN else None


def _health(state: State, lanes: list[ObjectLane], at: int, silent: bool) -> tuple[str, datetime | None, str | None]:
    if silent:
        return "unknown", None, "silent"
    if len(lanes) > 1:
        return "unknown", None, "contested"
    if state.due is not None and at > state.due:
        return "unknown", moment(state.due), state.health_cause
    if state.health_since is not None and state.health_since > at:
        return "unknown", None, None
    return state.health, _moment(state.health_since), state.health_cause


def _attempt(state: State) -> Attempt | None:
    it = state.attempt
    return Attempt(it.version, it.outcome, moment(it.at), it.message) if it else None


def _blockage(state: State) -> Blockage | None:
    it = state.blocked
    return Blockage(it.reason, moment(it.since), it.message) if it else None


def mismatches_of(running: Running, state: State, filed: FiledRow | None, shown: list[JudgedImage]) -> list[Mismatch]:
    """What differs from the filed release; nothing is said of one that was not filed."""
    if filed is None or filed.document is None:
        return []
    found = list[Mismatch]()
    if running.oci_digest and running.oci_digest != filed.published:
        found.append(Mismatch("chart", "event", filed.published, running.oci_digest))
    found += [
        Mismatch("image", "seen", it.released, it.found or "", it.workload, it.container)
        for it in shown
        if it.verdict == MISMATCHED
    ]
    released = released_images(filed.document)
    known = {digest for it in released for digest in it.digests}
    intended = state.intended
    # Flux may send the next release's annotations with the revision before it.
    if intended and intended.release == running.version and not any(it.verdict == SAME for it in shown):
        repository, digest = images.split(intended.image)
        if digest and digest not in known and all(it.found != digest for it in found):
            expected = next((it.digest for it in released if it.repository == repository), None)
            found.append(Mismatch("image", "intended", expected or released[0].digest, digest))
    return found


def _settled(state: State, shown: list[JudgedImage]) -> bool:
    """The images that were seen since then tell that the named revision runs, and nothing else."""
    verdicts = {it.verdict for it in shown}
    newer = state.images is not None and state.images.at > (state.uncertain or 0) and not state.images.unknown
    return newer and SAME in verdicts and not verdicts & {MISMATCHED, UNKNOWN}


def _contender(it: ObjectLane) -> Contender:
    state = it.state
    running = state.running
    return Contender(
        it.uid,
        running.version if running else None,
        state.health,
        moment(running.since) if running else None,
        moment(it.last),
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
