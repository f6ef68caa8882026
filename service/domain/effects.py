"""What an event does to a place: one function for each effect, from the state before it to the one after it.

What a level does stands in domain/level_effect.py.
"""

from msgspec.structs import replace

from .event import OVERRIDDEN
from .state import NOTHING, Blocked, Entry, FailedAttempt, Intended, Running, State

GRACE = 300  # seconds after the time-out of Helm's tests until which their event may still come


def runs(state: State, it: Entry) -> State:
    """The revision runs from now on. If it runs already, its arrival goes on, and its configuration has changed."""
    same = is_revision(state.running, it)
    state = replace(
        state if same else _anew(state),
        running=state.running if same else begins(it),
        attempt=None,
        blocked=None,
        uncertain=None,
        drifted=None,
        given_up=False,
        reconfigured=it.at if same else None,
        intended=_intended(it) or state.intended,
    )
    if tests := it.tests or state.tested:
        return replace(health(state, "progressing", "AwaitingTests", it.at), due=it.at + tests + GRACE)
    return health(state, "healthy", it.cause, it.at)


def attempted(state: State, it: Entry) -> State:
    """The revision failed to run. What ran before is named still, but objects of the new one were applied already."""
    attempt = FailedAttempt(it.version or "", "failed", it.at, it.message, it.chart, it.service)
    uncertain = state.uncertain or it.at if state.running else None
    return health(replace(state, attempt=attempt, blocked=None, uncertain=uncertain), "failing", it.cause, it.at)


def rolled_back(state: State, it: Entry) -> State:
    """The revision runs again. If the failed one was never reported to run, this one was not interrupted."""
    attempt = state.attempt
    if attempt is not None:
        attempt = replace(attempt, outcome="rolled back")
    if not is_revision(state.running, it):
        attempt = attempt or undone(state.running, it, "rolled back")
        # What overrides the images lies in the environment, whatever version it has.
        other = state.intended and state.intended.image == OVERRIDDEN
        intended = Intended(OVERRIDDEN, it.version) if other else None
        state = replace(_anew(state), running=begins(it), intended=intended)
    return health(replace(state, attempt=attempt, blocked=None, uncertain=None), "healthy", it.cause, it.at)


def removed(state: State, it: Entry) -> State:
    """Nothing runs."""
    return replace(NOTHING, suspended=state.suspended, tested=state.tested)


def taken_back(state: State, it: Entry) -> State:
    """Nothing runs: Flux removed a failed release as its remedy. The failed attempt is still shown."""
    attempt = state.attempt or undone(state.running, it, "failed")
    nothing = removed(state, it)
    return health(replace(nothing, attempt=attempt), "failing", it.cause, it.at) if attempt else nothing


def absent(state: State, it: Entry) -> State:
    """The HelmRelease is gone. Whether what it had installed still runs is unknown."""
    left, since = (state.running, it.at) if state.running else (state.left, state.unmanaged)
    return State(health_cause="absent" if left else None, health_since=since, unmanaged=since, left=left)


def test_succeeded(state: State, it: Entry) -> State:
    return _tested(state, it, "healthy")


def test_failed(state: State, it: Entry) -> State:
    return _tested(state, it, "failing")


def drifted(state: State, it: Entry) -> State:
    if state.running is None:
        return state
    return health(replace(state, blocked=None, drifted=it.at), "failing", it.cause, it.at)


def corrected(state: State, it: Entry) -> State:
    if state.running is None:
        return state
    return health(replace(state, blocked=None, drifted=None), "healthy", it.cause, it.at)


def failing(state: State, it: Entry) -> State:
    """A remedy failed: what it left is not known."""
    if state.running is None:
        return state
    return health(replace(state, blocked=None, uncertain=state.uncertain or it.at), "failing", it.cause, it.at)


def correction_failed(state: State, it: Entry) -> State:
    return drifted(state, it)


def canceled(state: State, it: Entry) -> State:
    """The wait for a release was ended, since a newer one is to be applied: its failure is none."""
    if state.running is None and state.attempt is None:
        return state
    return health(replace(state, attempt=None), "progressing", it.cause, it.at)


def blocked(state: State, it: Entry) -> State:
    """Nothing new can be applied. What runs is as it was."""
    return replace(state, blocked=blocked_by(state, Blocked(it.cause, it.at, it.message)))


def unblocked(state: State, it: Entry) -> State:
    return replace(state, blocked=None)


def source_failed(state: State, it: Entry) -> State:
    """The chart cannot be had."""
    return replace(state, blocked=blocked_by(state, Blocked(it.cause, it.at, it.message, source=True)))


def source_ready(state: State, it: Entry) -> State:
    return replace(state, blocked=None) if state.blocked and state.blocked.source else state


OF_A_REVISION = (runs, attempted, rolled_back)  # mean nothing without a version
FAILURES = (attempted, test_failed, drifted, correction_failed, failing)


def health(state: State, value: str, cause: str | None, at: int) -> State:
    """`at` counts unless the health has been so before, while the same revision ran."""
    since = max(at, state.running.since) if state.running else at
    if state.health == value and state.health_since is not None:
        since = state.health_since
    return replace(state, health=value, health_since=since, health_cause=cause, due=None)


def blocked_by(state: State, it: Blocked) -> Blocked:
    """It counts since it began, if it is for the same reason."""
    before = state.blocked
    return replace(it, since=min(before.since, it.since)) if before and before.reason == it.reason else it


def is_revision(running: Running | None, it: Entry) -> bool:
    """Whether the entry is of what runs. A version's build metadata counts, but where both name the chart's digest."""
    if running is None or running.version != it.version:
        return False
    if running.oci_digest and it.oci_digest:
        return running.oci_digest == it.oci_digest
    return running.build == it.build


def begins(it: Entry, since: int | None = None, service: str | None = None) -> Running:
    since = it.at if since is None else since
    return Running(it.version or "", since, it.basis, it.build, it.oci_digest, it.chart, it.service or service)


def undone(running: Running | None, it: Entry, outcome: str) -> FailedAttempt | None:
    """The attempt of a revision that was reported to run, and was then rolled back or removed."""
    if running is None:
        return None
    return FailedAttempt(running.version, outcome, it.at, it.message, running.chart, running.service)


def _tested(state: State, it: Entry, value: str) -> State:
    """A test of another revision than the running one says nothing about it."""
    if state.running is None or (it.version and not is_revision(state.running, it)):
        return state
    return health(replace(state, blocked=None), value, it.cause, it.at)


def _anew(state: State) -> State:
    """What is kept when another revision begins to run."""
    return replace(NOTHING, attempt=state.attempt, suspended=state.suspended, tested=state.tested)


def _intended(it: Entry) -> Intended | None:
    return Intended(it.image, it.release) if it.image else None
