"""What runs where: what needs somebody first, each with its cause; with a service, every place of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import Struct

from ..clients.ledger import Ledger
from ..errors import Refused
from ..releases.current import told
from ..report import Cell
from .ledger import EnvironmentAnswer, Page, Place, environments, path
from .words import Line, brief, columns, how_long, short, when

DRIFT = "DriftDetected"  # helm-controller's reason
RED, YELLOW = "red", "yellow"
NO, UNKNOWN = 1, 5  # exit codes of --check


class Condition(NamedTuple):
    """One place, or a whole environment: how it is in a word, and why. `trouble`: NO, UNKNOWN, or 0 where all is well.
    `cause` is text of Flux or Helm."""

    word: str
    colour: str | None
    service: str
    environment: str
    text: str
    cause: str = ""
    trouble: int = 0


class ProposalAnswer(Struct, frozen=True):
    """An item of `GET /proposals`."""

    environment: str
    service: str
    version: str
    since: datetime
    proposal: str | None = None


class Status(NamedTuple):
    """`proposals`: those that wait to arrive; None where the ledger is too old to tell. `heard`: of an environment that
    is asked for."""

    found: list[Condition]
    proposals: list[ProposalAnswer] | None
    at: datetime
    service: str | None
    url: str
    heard: bool

    @property
    def code(self) -> int:
        """Of --check: the first of "no" and "unknown" that there is."""
        return min((it.trouble for it in self.found if it.trouble), default=0)

    @property
    def lines(self) -> list[Line]:
        shown = [it for it in self.found if it.trouble or it.word != "healthy" or self.service]
        silent = {it.environment or it.service for it in self.found if it.word == "silent"}
        more = [_waiting(it, self.at, silent) for it in self.proposals or ()]
        lines = list[Line]()
        for it, row in zip([*shown, *more], columns([_row(it) for it in [*shown, *more]]), strict=True):
            lines += [row, *([[Cell(f"         {it.cause}", cut=it.word != "waiting")]] if it.cause else [])]
        if self.proposals is None:
            lines.append([Cell("What was proposed and has not arrived is not known: the ledger is older.", YELLOW)])
        return [*lines, [Cell(self._rest(len(self.found) - len(shown)))], [Cell(self.url)]]

    def _rest(self, number: int) -> str:
        at = when(self.at, seconds=True)
        if self.service:
            none = not (self.found or self.proposals)
            return f"Nothing of {self.service} is known to run there. {at}" if none else at
        places = "place is" if number == 1 else "places are"
        nothing = "Nothing is known to be healthy." if self.found else "Nothing is known to run."
        nothing = nothing if self.heard else "Nothing has reported yet."
        rest = f"{number:,} {'other ' if number < len(self.found) else ''}{places} healthy." if number else nothing
        return f"{rest} {at}"


def status(
    ledger: Ledger, service: str | None, only: Sequence[str], at: str | None
) -> tuple[Status, list[dict[str, Any]]]:
    """Also the environments as the ledger answered them, with that service alone."""
    answered = environments(ledger, only, at)
    proposals = _proposals(ledger, service, only) if at is None else []
    if service:
        answered = [it | {"services": [row for row in it["services"] if row["service"] == service]} for it in answered]
    states = [told(it, EnvironmentAnswer) for it in answered]
    found = [each for it in states for each in _conditions(it, service)]
    order = {"silent": 0, "failing": 1}
    found.sort(key=lambda it: (order.get(it.word, 2 if it.trouble else 3), it.service, it.environment))
    then = max((it.at for it in states), default=datetime.now(UTC))
    if service and not (found or proposals) and ledger.get(path("services", service)) is None:
        raise Refused(
            f"Nothing of {service} ever ran, and no release of it was filed.",
            "Correct the name; `waybill status` without it shows what there is.",
            fault="you",
        )
    return Status(found, proposals, then, service, ledger.url, bool(answered)), answered


def _proposals(ledger: Ledger, service: str | None, only: Sequence[str]) -> list[ProposalAnswer] | None:
    answer = ledger.get(path("proposals"))
    if answer is None:
        return None
    found = [told(it, ProposalAnswer) for it in told(answer, Page).items]
    return [it for it in found if service in (None, it.service) and (not only or it.environment in only)]


def _waiting(it: ProposalAnswer, now: datetime, silent: Collection[str]) -> Condition:
    known = "; whether it has arrived is not known" if it.environment in silent else ""
    text = f"{it.version} was proposed {how_long(now - it.since)} ago{known}"
    return Condition("waiting", None, it.service, it.environment, text, it.proposal or "")


def _conditions(it: EnvironmentAnswer, service: str | None) -> Iterable[Condition]:
    """Of a silent environment one, unless a service is asked for: all else there is only what was last known."""
    if it.silent_since and (service is None or it.services):
        said = f"since {when(it.silent_since, it.at)}; what runs there is unknown since then"
        yield Condition("silent", YELLOW, it.environment, "", said, trouble=UNKNOWN)
    if service or not it.silent_since:
        names = [row.service for row in it.services]
        yield from (_place(row, it, several=names.count(row.service) > 1) for row in it.services)


def _place(row: Place, it: EnvironmentAnswer, *, several: bool) -> Condition:
    """`several`: the service has other places there."""
    word, colour, trouble = {
        "healthy": ("healthy", None, 0),
        "progressing": ("rolling out", None, 0),
        "failing": ("failing", RED, NO),
    }.get(row.health, ("unknown", YELLOW, UNKNOWN))
    said, cause = [_runs(row, it, several=several)], ""
    if row.attempt:
        outcome = "was rolled back" if row.attempt.outcome == "rolled back" else "failed"
        said.insert(0, f"{row.attempt.version} {outcome} {when(row.attempt.at, it.at)}")
        cause = row.attempt.message
    if row.blocked:
        if row.health == "healthy":
            word, colour, trouble = "blocked", YELLOW, NO
        said.append(f"nothing new is applied: {row.blocked.reason} since {when(row.blocked.since, it.at)}")
        cause = cause or row.blocked.message
    for each in row.mismatches[:1]:
        word, colour, trouble = "mismatched", RED, NO
        verb = "is meant to run" if each.basis == "intended" else "runs"
        said.append(f"{each.what} {short(each.found)} {verb}, {short(each.released or 'none')} was released")
    if row.overridden:
        said.append("not with the images of that release")
    if row.suspended_since:
        said.append(f"suspended since {when(row.suspended_since, it.at)}")
    if row.contested:
        said.append("several clusters report as this place")
    elif row.health in ("failing", "unknown") and not row.attempt and not row.blocked and row.health_cause:
        said.append("the cluster differs from it" if row.health_cause == DRIFT else row.health_cause)
    text = "; ".join(text for text in said if text)
    return Condition(word, colour, row.service, it.environment, text, brief(cause), trouble)


def _runs(row: Place, it: EnvironmentAnswer, *, several: bool) -> str:
    place = f"in {row.place}" if several or not row.place.endswith(f"/{row.service}") else ""
    if row.release is None:
        return " ".join(filter(None, ("nothing is known to run", place)))
    known = "last known" if it.silent_since else ""
    if row.attempt and not row.running_certain:
        uncertain = f"what runs is not certain: {row.release.version}, or parts of both"
        return " ".join(filter(None, (known, uncertain, place)))
    still = "still runs" if row.attempt else ("" if row.running_certain else "may run in part")
    since = f"since {when(row.since, it.at)}" if row.since and not row.attempt else ""
    return " ".join(filter(None, (known, row.release.version, still, since, place)))


def _row(it: Condition) -> Line:
    return [Cell(it.word, it.colour), *(Cell(text) for text in (it.service, it.environment) if text), Cell(it.text)]
