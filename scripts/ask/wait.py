"""Waiting for a release to arrive: what the ledger says of it, as it changes, until it is decided."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec import Struct

from ..clients.http import Patience
from ..clients.http_failure import NoAnswer
from ..clients.ledger import Ledger, older_ledger
from ..releases.current import told
from .ledger import path
from .words import Cell, Line, how_long

HELD = 25  # seconds of one request, less than proxies allow
PATIENCE = Patience(read=HELD + 10, whole=HELD + 15)
RETRY_SECONDS = 2.0
HEALTHY, FAILED, TIMED_OUT, SUPERSEDED, UNKNOWN = 0, 1, 3, 4, 5
NO_ANSWER = "no answer"
CODES = {"healthy": HEALTHY, "failed": FAILED, "superseded": SUPERSEDED, "unknown": UNKNOWN}
FIRST = (FAILED, UNKNOWN, TIMED_OUT, SUPERSEDED, HEALTHY)  # of several environments
COLOURS = {"healthy": "green", "failed": "red", "superseded": "yellow", "unknown": "yellow", "timed out": "yellow"}


class WaitPlace(Struct, frozen=True):
    place: str
    failures: int = 0


class WaitAnswer(Struct, frozen=True):
    outcome: str
    cause: str
    places: list[WaitPlace] = []


class Decision(NamedTuple):
    """`word`: the outcome, or "timed out"."""

    environment: str
    word: str
    cause: str
    code: int


def wait(
    ledger: Ledger,
    release: tuple[str, str],
    environments: Sequence[str],
    seconds: float,
    *,
    fail_fast: bool,
    tell: Callable[[str, str], None],
) -> list[Decision]:
    """In the order of `environments`. `tell` gets an environment and what is new of it."""
    ends, last, verdicts = time.monotonic() + seconds, dict[str, str](), dict[str, Decision]()
    while left := [it for it in environments if it not in verdicts]:
        for name in left:
            remaining = ends - time.monotonic()
            hold = int(max(0, min(remaining, HELD if len(left) == 1 else 1))) if name in last else 0
            answer = _ask(ledger, release, name, hold)
            if answer.cause != last.get(name):
                tell(name, answer.cause)
            last[name] = answer.cause
            word = "failed" if fail_fast and any(it.failures for it in answer.places) else answer.outcome
            if word in CODES:
                verdicts[name] = Decision(name, word, answer.cause, CODES[word])
            elif remaining <= 0 and word == NO_ANSWER:
                verdicts[name] = Decision(name, "unknown", answer.cause, UNKNOWN)
            elif remaining <= 0:
                verdicts[name] = Decision(name, "timed out", answer.cause, TIMED_OUT)
            elif word == NO_ANSWER:
                time.sleep(min(RETRY_SECONDS, remaining))
    return [verdicts[name] for name in environments]


def code(verdicts: Sequence[Decision]) -> int:
    found = {it.code for it in verdicts}
    return next(it for it in FIRST if it in found)


def lines(verdicts: Sequence[Decision], took: float) -> Iterator[Line]:
    whole = how_long(timedelta(seconds=took))
    if all(it.code == HEALTHY for it in verdicts):
        where = verdicts[0].environment if len(verdicts) == 1 else f"all {len(verdicts)} environments"
        yield [Cell("healthy", "green"), Cell(f" in {where} after {whole}")]
        return
    for it in verdicts:
        why = "" if it.code == HEALTHY else f": {it.cause}"
        after = f" after {whole}" if it.code == TIMED_OUT else ""
        yield [Cell(it.word, COLOURS[it.word]), Cell(f" in {it.environment}{after}{why}")]


def _ask(ledger: Ledger, release: tuple[str, str], environment: str, hold: int) -> WaitAnswer:
    """A ledger that does not answer is asked again, until the time is over."""
    service, version = release
    where = path("releases", service, version, "wait", environment=environment, seconds=str(hold))
    try:
        answer = ledger.get(where, PATIENCE)
    except NoAnswer as error:
        return WaitAnswer(NO_ANSWER, error.what)
    if answer is None:
        raise older_ledger("it does not know how to wait")
    return told(answer, WaitAnswer)
