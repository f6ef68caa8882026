"""What occurred at a place beside arrivals: what the history tells, from how the place stood before an entry and how it
does after it.

Each names what it is about: the revision that ran or runs, or the one that failed. What an event told is not told again
by a level that was seen after it.
"""

from collections.abc import Iterator, Sequence

import msgspec

from . import effects
from .level import FAILED
from .state import NEAR, Blocked, Entry, FailedAttempt, Intended, Running, SeenImage, State

FAILURES = (effects.attempted, effects.test_failed, effects.correction_failed, effects.failing)
BLOCKS = (effects.blocked, effects.source_failed)
Revision = Running | FailedAttempt
BRIEF = 30  # seconds


class Evidence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Images that were not known before of what runs: as pods have them, and as an event named one."""

    seen: tuple[SeenImage, ...] = ()
    intended: Intended | None = None


class Occurrence(msgspec.Struct, frozen=True, gc=False):
    """`at`: in seconds since 1970. `to`: what runs again after a roll back. `evidence`: whether it is of another
    release than the one that runs, is judged when the history is read."""

    kind: str
    at: int
    about: Revision | None
    cause: str | None
    message: str = ""
    to: str | None = None
    evidence: Evidence | None = None


class Memory(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a lane remembers: when it was last told that something failed, and that it was rolled back; whether it was
    not healthy since it failed; and the reason for which it was last told to be blocked, until it was told to be no
    more."""

    failed_at: int = -1
    rolled_at: int = -1
    ill: bool = False
    blocked: str | None = None


BLANK = Memory()


def is_plain(before: State, it: Entry, after: State) -> bool:
    """Whether one revision follows another, and both are well, as nearly always: nothing occurs but the arrival."""
    ran = before.health == after.health == "healthy" and after.running is not before.running
    return ran and it.effect is effects.runs and before.blocked is None


def occurrences(before: State, it: Entry, after: State, memory: Memory) -> Iterator[Occurrence]:
    yield from _failures(before, it, after, memory)
    yield from _roll_backs(before, it, after, memory)
    if before is after:
        yield from _blocks(before, it, after, memory)
        return
    running = after.running
    yield from _ends(before, it, after)
    if after.health != before.health and after.health_since is not None:
        if after.health == "progressing":
            yield Occurrence("progressing", after.health_since, running or after.attempt, after.health_cause)
        elif after.health == "healthy" and memory.ill:
            yield Occurrence("recovered", after.health_since, running, after.health_cause)
    yield from _blocks(before, it, after, memory)
    if after.suspended is not None and before.suspended is None:
        yield Occurrence("suspended", after.suspended, running or after.attempt, it.cause)
    if running is not None and running is before.running:
        if it.effect is effects.runs:
            yield Occurrence("reconfigured", it.at, running, it.cause, it.message)
        if evidence := _evidence(before, after):
            yield Occurrence("mismatched", it.at, running, it.cause, evidence=evidence)


def remembered(memory: Memory, found: Sequence[Occurrence], after: State) -> Memory:
    if not found and not memory.ill and not memory.blocked and after.health != "failing":
        return memory
    failed_at = max((it.at for it in found if it.kind in ("failed", "drifted")), default=-1)
    rolled_at = max((it.at for it in found if it.kind == "rolled_back"), default=-1)
    ended = after.health == "healthy" or (after.running is None and after.attempt is None)
    ill = after.health == "failing" or (memory.ill and not ended)
    told = next((it.cause for it in reversed(found) if it.kind == "blocked"), memory.blocked)
    now = Memory(
        max(failed_at, memory.failed_at), max(rolled_at, memory.rolled_at), ill, told if after.blocked else None
    )
    return memory if now == memory else now


def _failures(before: State, it: Entry, after: State, memory: Memory) -> Iterator[Occurrence]:
    if it.effect in FAILURES:
        yield Occurrence("failed", it.at, _named(it, after.running), it.cause, it.message)
    elif it.effect is effects.drifted:
        if after is not before and (before.drifted is None or before.health != "failing"):
            yield Occurrence("drifted", it.at, after.running, it.cause, it.message)
    elif attempt := _new_attempt(before, after):
        if attempt.at > memory.failed_at + NEAR and (it.level or attempt.outcome == "failed"):
            cause = after.health_cause if after.health == "failing" else "failed"
            yield Occurrence("failed", attempt.at, attempt, cause, attempt.message)
    elif it.level and after.health == "failing" and before.health != "failing" and after.health_since is not None:
        kind = "failed" if after.health_cause in (*FAILED, "failed") else "drifted"
        if after.health_since > memory.failed_at + NEAR:
            yield Occurrence(kind, after.health_since, after.attempt or after.running, after.health_cause)


def _roll_backs(before: State, it: Entry, after: State, memory: Memory) -> Iterator[Occurrence]:
    attempt, known, to = after.attempt, before.attempt, after.running.version if after.running else None
    if it.effect is effects.rolled_back:
        yield Occurrence("rolled_back", it.at, attempt, it.cause, it.message, to)
    elif attempt is not None and attempt.outcome == "rolled back" and it.level:
        at = after.health_since if after.health_cause == "RollbackSucceeded" and after.health_since else it.at
        new = known is None or (known.version, known.outcome) != (attempt.version, attempt.outcome)
        if new and at > memory.rolled_at + NEAR:
            yield Occurrence("rolled_back", at, attempt, after.health_cause, to=to)


def _ends(before: State, it: Entry, after: State) -> Iterator[Occurrence]:
    """What ran does so no more, and nothing else instead; or its HelmRelease is gone, and it may still run."""
    gone = before.running or before.left
    if gone is None or after.running is not None:
        return
    if after.unmanaged is None:
        yield Occurrence("removed", max(it.at, gone.since), gone, it.cause, it.message)
    elif before.running is not None:
        yield Occurrence("unmanaged", max(it.at, gone.since), gone, it.cause)


def _blocks(before: State, it: Entry, after: State, memory: Memory) -> Iterator[Occurrence]:
    """What an observer saw for less than BRIEF is none, whoever speaks next: a new revision of the source, or a new
    generation, blocks for a moment."""
    was, now, told = before.blocked, after.blocked, memory.blocked
    about = after.running or after.attempt
    ended = was is not None and (now is None or now.reason != was.reason)
    if was is not None and ended and was.reason != told and it.at - was.since >= BRIEF:
        yield _blocked(was, before.running or before.attempt)
        told = was.reason
    if now is not None and now.reason != told and (it.effect in BLOCKS or it.at - now.since >= BRIEF):
        yield _blocked(now, about)
    elif was is not None and now is None and told is not None and about is not None:
        yield Occurrence("unblocked", it.at, about, it.cause)


def _blocked(it: Blocked, about: Revision | None) -> Occurrence:
    return Occurrence("blocked", it.since, about, it.reason, it.message)


def _evidence(before: State, after: State) -> Evidence | None:
    known = before.images.seen if before.images else ()
    seen = tuple(it for it in (after.images.seen if after.images else ()) if it not in known)
    intended = after.intended if after.intended != before.intended else None
    return Evidence(seen, intended) if seen or intended else None


def _new_attempt(before: State, after: State) -> FailedAttempt | None:
    attempt, known = after.attempt, before.attempt
    return attempt if attempt and (known is None or known.version != attempt.version) else None


def _named(it: Entry, running: Running | None) -> Revision | None:
    """What a failure is of: as the event names it, or else what runs."""
    if it.version is None:
        return running
    return Running(it.version, it.at, it.basis, it.build, it.oci_digest, it.chart, it.service)
