"""What a level does to a place: the state that an observer saw, held against what events have told."""

from msgspec.structs import replace

from .effects import absent, begins, blocked_by, health, is_revision, removed, undone
from .event import revision
from .level import (
    SOURCE_NOT_READY,
    UNDER_WAY,
    HelmRevision,
    Level,
    Reading,
    digest_of,
    given_up,
    latest,
    reading,
    tells_nothing,
    under_way,
    uninstalled,
)
from .state import Blocked, Entry, FailedAttempt, Images, SeenImage, State


def seen(state: State, it: Entry) -> State:
    level = it.level
    if level is None:
        return absent(state, it)
    state = looked(state, it)
    if level.suspended:
        return state
    says = reading(level)
    blocked = None
    if state.blocked and state.blocked.source and says.blocked and says.blocked.reason == SOURCE_NOT_READY:
        blocked = state.blocked  # the source itself said why
    elif condition := says.blocked:
        since = it.at if condition.since is None else min(condition.since, it.at)
        blocked = blocked_by(state, Blocked(condition.reason, since, condition.message))
    if under_way(level):
        if blocked:
            return replace(state, blocked=blocked)
        if tells_nothing(level) or (state.running is None and state.attempt is None):
            return state
        found = level.condition(UNDER_WAY)
        since = it.at if found is None or found.since is None else min(found.since, it.at)
        return health(state, "progressing", "Deleting" if level.deleted else UNDER_WAY, since)
    if level.conditions is not None:
        state = replace(state, blocked=blocked)
    if not level.counts:
        return state
    return _judged(state, _deployed(state, it, level, says), it, level, says)


def looked(state: State, it: Entry) -> State:
    """What is so whatever a reconcile does: suspended or not, with tests or without, and the pods' images."""
    level, images = it.level, state.images
    if level is None:
        return state
    if level.images is not None or level.unseen:
        found = (SeenImage(each.workload, each.container, each.asked, each.running) for each in level.images or ())
        images = Images(it.at, tuple(found), level.unseen)
    suspended = (state.suspended or it.at) if level.suspended else None
    return replace(state, suspended=suspended, tested=level.tests, images=images)


def _deployed(state: State, it: Entry, level: Level, says: Reading) -> State:
    """What runs by Helm's history. An empty one, and a pending or failed revision, say nothing of it."""
    newest = latest(level)
    if newest is None:
        return state
    if uninstalled(level):
        nothing = removed(state, it)
        attempt = (
            state.attempt or undone(state.running, it, "failed") if newest.action.endswith("remediation") else None
        )
        return replace(nothing, attempt=attempt, blocked=state.blocked)
    deployed = next((each for each in _newest_first(level) if each.status == "deployed"), None)
    if deployed is not None:
        state = _running(state, it, deployed)
    if newest.status == "failed":
        at = it.at if newest.deployed_at is None else min(newest.deployed_at, it.at)
        version, _ = revision(newest.chart_version)
        attempt = state.attempt
        if attempt is None or attempt.version != (version or ""):
            attempt = FailedAttempt(version or "", "failed", at, _message(level), newest.chart_name or None)
        uncertain = (state.uncertain or at) if state.running else None
        return replace(state, attempt=attempt, uncertain=uncertain)
    if newest.status != "deployed":
        return state
    if newest.action == "rollback" or says.cause == "RollbackSucceeded":
        return replace(state, attempt=_rolled_back(state, newest, level), uncertain=None)
    if level.conditions is None:  # an older observer tells no more than that
        return replace(state, uncertain=None)
    return replace(state, attempt=None if says.health == "healthy" else state.attempt, uncertain=None)


def _newest_first(level: Level) -> list[HelmRevision]:
    return sorted(level.history, key=lambda each: each.version, reverse=True)


def _running(state: State, it: Entry, deployed: HelmRevision) -> State:
    version, build = revision(deployed.chart_version)
    if version is None:
        return state
    chart = deployed.chart_name or None
    entry = replace(it, version=version, build=build, oci_digest=digest_of(deployed), chart=chart)
    if is_revision(state.running, entry):
        return state
    since = it.at if deployed.deployed_at is None else min(deployed.deployed_at, it.at)
    named = state.running.service if state.running and state.running.chart == chart else None
    running = begins(entry, since, named)
    attempt = state.attempt if level_tells(it) else None
    return replace(
        State(running=running, attempt=attempt, blocked=state.blocked, suspended=state.suspended),
        tested=state.tested,
        images=state.images if state.images and state.images.at == it.at else None,  # not those of before
    )


def level_tells(it: Entry) -> bool:
    """Older observers tell of Helm's history alone."""
    return it.level is not None and it.level.conditions is not None


def _rolled_back(state: State, newest: HelmRevision, level: Level) -> FailedAttempt | None:
    if state.attempt:
        return replace(state.attempt, outcome="rolled back")
    failed = next((each for each in _newest_first(level) if each.status == "failed"), None)
    version = revision(failed.chart_version)[0] if failed else None
    if failed is None or version is None:
        return None
    at = failed.deployed_at or newest.deployed_at or 0
    return FailedAttempt(version, "rolled back", at, "", failed.chart_name or None)


def _judged(before: State, state: State, it: Entry, level: Level, says: Reading) -> State:
    """The health that the conditions tell; without conditions, that of Helm's last action."""
    state = replace(state, given_up=given_up(level))
    drift = level.condition("Drifted")
    if drift is not None:
        state = replace(state, drifted=(drift.since or it.at) if drift.status == "True" else None)
    if state.running is None and state.attempt is None:
        return state
    value, cause, since = says.health, says.cause, says.since
    if level.conditions is None and state.running is not before.running:
        value, cause, since = ("failing", "failed", None) if state.attempt else ("healthy", "deployed", None)
        since = state.running.since if state.running and value == "healthy" else None
    if value is None or (value == "healthy" and state.running is None):
        return state
    return health(state, value, cause, it.at if since is None else min(since, it.at))


def _message(level: Level) -> str:
    found = level.condition("Released") or level.condition("Ready")
    return found.message if found else ""
