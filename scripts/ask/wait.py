"""Waiting for a release to arrive: what the ledger says of it, as it changes, until it is decided."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import NamedTuple, TypeVar

from msgspec import Struct

from ..clients.http import Patience
from ..clients.http_failure import NoAnswer
from ..clients.ledger import Ledger, older_ledger
from ..diff.markdown import code, prose
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .ledger import pages, path
from .words import Line, brief, how_long, short

T = TypeVar("T")
HELD = 25  # seconds of one request, less than proxies allow
HELD_IN_TURN = 2  # of several that are awaited: nothing new of one is heard while another is asked
PATIENCE = Patience(read=HELD + 10, whole=HELD + 15)
RETRY_SECONDS = 2.0
HEALTHY, FAILED, TIMED_OUT, SUPERSEDED, UNKNOWN = 0, 1, 3, 4, 5
NO_ANSWER = "no answer"
CODES = {"healthy": HEALTHY, "failed": FAILED, "superseded": SUPERSEDED, "unknown": UNKNOWN}
FIRST = (FAILED, UNKNOWN, TIMED_OUT, SUPERSEDED, HEALTHY)  # of several environments
COLOURS = {"healthy": "green", "failed": "red"}


class WaitPlace(Struct, frozen=True):
    place: str
    failures: int = 0


class WaitAnswer(Struct, frozen=True):
    outcome: str
    cause: str
    places: list[WaitPlace] = []
    mark: str = ""


class MadeChart(Struct, frozen=True):
    version: str


class MadeSource(Struct, frozen=True):
    commit: str


class Made(Struct, frozen=True):
    """An item of `GET /releases`."""

    service: str
    chart: MadeChart
    source: MadeSource


class Awaited(NamedTuple):
    """A release in an environment."""

    service: str
    version: str
    environment: str


class Decision(NamedTuple):
    """`word`: the outcome, or "timed out"; "waiting": another one failed before."""

    of: Awaited
    word: str
    cause: str
    code: int


def releases_of(ledger: Ledger, commit: str) -> list[tuple[str, str]]:
    """Service and version of the releases that were made of a commit, given by its 40 hex digits."""
    containing = [told(it, Made) for it in pages(ledger, "releases", commit=commit)]
    found = [it for it in containing if it.source.commit == commit]
    if not found:
        raise Refused(
            f"The ledger has no release of the commit {short(commit)}.",
            "Wait after the job that ships it, or name the release: waybill wait SERVICE VERSION -e ENVIRONMENT.",
            fault="you",
        )
    return [(it.service, it.chart.version) for it in found]


def patiently(ask: Callable[[], T], ends: float) -> T:
    """What `ask` gives; a ledger that does not answer is asked again until `ends`, of the monotonic clock."""
    while True:
        try:
            return ask()
        except NoAnswer:
            if (left := ends - time.monotonic()) <= 0:
                raise
            time.sleep(min(RETRY_SECONDS, left))


def wait(
    ledger: Ledger, every: Sequence[Awaited], ends: float, *, fail_fast: bool, tell: Callable[[Awaited, str], None]
) -> list[Decision]:
    """In the order of `every`; `ends` is of the monotonic clock. `fail_fast`: the first failure decides, and the others
    are not waited for. `tell` gets what is new of one of them."""
    last, decided = dict[Awaited, WaitAnswer](), dict[Awaited, Decision]()
    while left := [it for it in every if it not in decided]:
        for each in left:
            remaining = ends - time.monotonic()
            before = last.get(each)
            most = HELD if len(left) == 1 else HELD_IN_TURN * (each is left[-1])
            answer = _ask(ledger, each, ceil(max(0, min(remaining, most))) if before else 0, before)
            if before is None or answer.cause != before.cause:
                tell(each, brief(answer.cause))
            last[each] = answer
            word = answer.outcome
            if fail_fast and word == "waiting" and any(it.failures for it in answer.places):
                word = "failed"
            if word in CODES:
                decided[each] = Decision(each, word, answer.cause, CODES[word])
            elif remaining <= 0 and word == NO_ANSWER:
                decided[each] = Decision(each, "unknown", answer.cause, UNKNOWN)
            elif remaining <= 0:
                decided[each] = Decision(each, "timed out", answer.cause, TIMED_OUT)
            elif word == NO_ANSWER:
                time.sleep(min(RETRY_SECONDS, remaining))
        if fail_fast and any(it.code == FAILED for it in decided.values()):
            break
    return [decided.get(it) or Decision(it, "waiting", last[it].cause, TIMED_OUT) for it in every]


def decisive(decisions: Sequence[Decision]) -> Decision:
    """That of the environment which decides the exit code."""
    return min(decisions, key=lambda it: FIRST.index(it.code))


def summary(decisions: Sequence[Decision]) -> str:
    """In Markdown, a line for each environment."""
    return "\n".join(
        f"- {code(it.of.service)} {code(it.of.version)} in {code(it.of.environment)}: **{it.word}**"
        + ("" if it.code == HEALTHY else f", {prose(it.cause)}")
        for it in decisions
    )


def lines(decisions: Sequence[Decision], took: float) -> Iterator[Line]:
    whole = how_long(timedelta(seconds=took))
    several = len({(it.of.service, it.of.version) for it in decisions}) > 1
    if all(it.code == HEALTHY for it in decisions) and not several:
        where = decisions[0].of.environment if len(decisions) == 1 else f"all {len(decisions)} environments"
        yield [Cell("healthy", "green"), Cell(f" in {where} after {whole}")]
        return
    for it in decisions:
        what = f"{it.of.service} {it.of.version}: " if several else ""
        why = "" if it.code == HEALTHY else f": {brief(it.cause)}"
        after = f" after {whole}" if it.word == "timed out" else ""
        yield [Cell(what), Cell(it.word, COLOURS.get(it.word, "yellow")), Cell(f" in {it.of.environment}{after}{why}")]


def _ask(ledger: Ledger, it: Awaited, hold: int, before: WaitAnswer | None) -> WaitAnswer:
    """What is another than `before`, or is so after `hold` seconds; that the ledger does not answer is an answer."""
    query = {"environment": it.environment, "seconds": str(hold), "seen": before.mark if before else ""}
    where = path("releases", it.service, it.version, "wait", **query)
    try:
        answer = ledger.get(where, PATIENCE, must_be_known=True)
    except NoAnswer as error:
        return WaitAnswer(NO_ANSWER, error.what)
    if answer is None:
        raise older_ledger("it does not know how to wait")
    return told(answer, WaitAnswer)
