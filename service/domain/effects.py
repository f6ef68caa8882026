"""What an entry does to a place: one function for each effect, from the state before it to the one after it."""

from msgspec.structs import replace

from .state import NOTHING, Entry, FailedAttempt, Running, State


def runs(state: State, it: Entry) -> State:
    """The revision runs from now on. If it runs already, its arrival goes on."""
    return State(state.running if is_revision(state.running, it) else _begins(it), "healthy")


def seen(state: State, it: Entry) -> State:
    """An observer saw that the revision runs. It knows nothing of failed attempts while this revision ran."""
    return state if is_revision(state.running, it) else State(_begins(it), "healthy")


def attempted(state: State, it: Entry) -> State:
    """The revision failed to run; what ran before still does."""
    attempt = FailedAttempt(it.version or "", "failed", it.at, it.message, it.chart, it.service)
    return State(state.running, "failing", attempt)


def rolled_back(state: State, it: Entry) -> State:
    """The revision runs again. If the failed one was never reported to run, this one was not interrupted."""
    attempt = state.attempt
    if attempt is not None:
        attempt = replace(attempt, outcome="rolled back")
    if is_revision(state.running, it):
        return State(state.running, "healthy", attempt)
    return State(_begins(it), "healthy", attempt or _undone(state.running, it, "rolled back"))


def removed(state: State, it: Entry) -> State:
    """Nothing runs."""
    return NOTHING


def taken_back(state: State, it: Entry) -> State:
    """Nothing runs: Flux removed a failed release as its remedy. The failed attempt is still shown."""
    attempt = state.attempt or _undone(state.running, it, "failed")
    return State(None, "failing", attempt) if attempt else NOTHING


def healthy(state: State, it: Entry) -> State:
    return _reported(state, it, "healthy")


def failing(state: State, it: Entry) -> State:
    return _reported(state, it, "failing")


HEALTH = (healthy, failing)  # say nothing of which revision runs
OF_A_REVISION = (runs, attempted, rolled_back)  # mean nothing without a version
FAILURES = (attempted, failing)


def _reported(state: State, it: Entry, health: str) -> State:
    """The health of what runs; a test of another revision says nothing about it."""
    if state.running is None or (it.cause.startswith("Test") and it.version and not is_revision(state.running, it)):
        return state
    return State(state.running, health, state.attempt)


def is_revision(running: Running | None, it: Entry) -> bool:
    return running is not None and (running.version, running.oci_digest) == (it.version, it.oci_digest)


def _undone(running: Running | None, it: Entry, outcome: str) -> FailedAttempt | None:
    """The attempt of a revision that was reported to run, and was then rolled back or removed."""
    if running is None:
        return None
    return FailedAttempt(running.version, outcome, it.at, it.message, running.chart, running.service)


def _begins(it: Entry) -> Running:
    return Running(it.version or "", it.at, it.basis, it.oci_digest, it.chart, it.service, it.seen_at is not None)
