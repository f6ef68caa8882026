"""Delivery figures of a period, beside those of the one before it."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct, field

from ..clients.ledger import Ledger, older_ledger
from ..releases.current import told
from ..report import Cell
from .ledger import path
from .words import Line, columns, how_exactly, when

T = TypeVar("T")


class Figure(Struct, frozen=True):
    """`value` None: nothing was counted. `n` were, of `of` where that is a share; `left` could not be."""

    value: float | None
    n: int
    of: int | None = None
    left: int = 0


class FiguresOfPeriod(Struct, frozen=True):
    deployments: Figure
    lead_time: Figure
    change_fail_rate: Figure
    recovery_time: Figure
    rework_rate: Figure


class PeriodBefore(Struct, frozen=True):
    figures: FiguresOfPeriod


class FiguresAnswer(Struct, frozen=True):
    begins: datetime = field(name="from")
    ends: datetime = field(name="to")
    figures: FiguresOfPeriod
    before: PeriodBefore
    silent: list[str] = []
    contested: list[str] = []
    heard_since: datetime | None = None


def lines(answer: dict[str, Any]) -> list[Line]:
    it = told(answer, FiguresAnswer)
    now, before = it.figures, it.before.figures
    lead, recovery, rate, rework = now.lead_time, now.recovery_time, now.change_fail_rate, now.rework_rate
    commits = f"{lead.n:,} commit{'s' * (lead.n != 1)}"
    rows = [
        ("", "NOW", "BEFORE", "COUNTED"),
        ("deployments a week", *map(_number, (now.deployments, before.deployments)), f"{now.deployments.n:,}"),
        ("lead time, median", *map(_span, (lead, before.lead_time)), f"{commits}{_left(lead, 'left out')}"),
        ("change fail rate", *map(_share, (rate, before.change_fail_rate)), f"{rate.n:,} of {rate.of or 0:,}"),
        (
            "recovery, median",
            *map(_span, (recovery, before.recovery_time)),
            f"{recovery.n:,}{_left(recovery, 'not mended')}",
        ),
        ("rework rate", *map(_share, (rework, before.rework_rate)), _follow(rework)),
    ]
    period = [Cell(f"{when(it.begins)} to {when(it.ends)}")]
    gaps = [[Cell("silent", "yellow"), Cell(f"  {name}: not all that began there is known")] for name in it.silent]
    both = "two clusters have reported as one place, and are counted as one"
    gaps += [[Cell("contested", "yellow"), Cell(f"  {name}: {both}")] for name in it.contested]
    if it.heard_since:
        said = f"  since {when(it.heard_since)}: not all that began before is known"
        gaps.append([Cell("heard", "yellow"), Cell(said)])
    return [period, *gaps, *columns([[Cell(text) for text in row] for row in rows], numbers=(1, 2))]


def figures(ledger: Ledger, **wanted: str | None) -> dict[str, Any]:
    """The ledger's answer; `wanted` are the parameters of `GET /figures`."""
    return known(ledger.get(path("figures", **wanted), must_be_known=True))


def known(answer: T | None) -> T:
    if answer is None:
        raise older_ledger("it knows no figures")
    return answer


def _number(it: Figure) -> str:
    return "not known" if it.value is None else f"{it.value:,.1f}"


def _share(it: Figure) -> str:
    return "not known" if it.value is None else f"{100 * it.value:.1f} %"


def _span(it: Figure) -> str:
    return "not known" if it.value is None else how_exactly(timedelta(seconds=it.value))


def _follow(it: Figure) -> str:
    """An older ledger counts none."""
    verb = "follows" if it.n == 1 else "follow"
    return "this ledger does not count it" if it.of is None else f"{it.n:,} of {it.of:,} {verb} a failure"


def _left(it: Figure, words: str) -> str:
    return f", {it.left:,} {words}" if it.left else ""
